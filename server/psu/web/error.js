// The error page is whole without scripts; with them its language can be changed.
import { offerLanguages } from './dom.js';

offerLanguages();
