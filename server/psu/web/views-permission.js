// One group of what is shared, with a line for each permission.
import { element, text } from './dom.js';

export function permissionItem({ group, permissions }, view) {
  return element('li', { 'data-testid': 'permission-group' },
    element('strong', {}, text(`group.${group}.title`)),
    permissions.map((code) => element('span', { 'data-testid': `permission-${code}` }, text(`permission.${code}`, view))));
}
