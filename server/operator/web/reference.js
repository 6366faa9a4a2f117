// The documents of the APIs, whole, as this listener serves them.
import { ask } from './page.js';

export const readDocument = (file) => ask(`/console/reference/${file}`);

/** [file, document] of each in the version of the standard that is in force. */
export async function readDocuments() {
  const { documents } = await ask('/operator/documents');
  const current = documents.filter(({ version }) => !version.endsWith('-draft'));
  return Promise.all(current.map(async ({ file }) => [file, await readDocument(file)]));
}
