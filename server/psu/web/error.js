// An error page says all without scripts; with them, in another language too.
import { offerLanguages } from './dom.js';

offerLanguages();
