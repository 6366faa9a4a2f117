// Where the sources and the build are.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const BUILD_DIR = process.env.LFI_BUILD_DIR ?? join(ROOT, 'build/dev');
