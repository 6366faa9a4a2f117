// JSON values as YAML, so that a document reads as those that it was made from.

const PLAIN = /^[A-Za-z_/{][A-Za-z0-9_./{}-]*$/;
const WORDS = /^(true|false|null|yes|no|on|off|y|n)$/i;

function scalar(value) {
  if (typeof value !== 'string') return JSON.stringify(value);
  return PLAIN.test(value) && !value.startsWith('{') && !WORDS.test(value) ? value : JSON.stringify(value);
}

function isEmpty(value) {
  return Object.keys(value).length === 0;
}

function lines(value, indent) {
  const more = `${indent}  `;
  const item = (head, child) => {
    if (child === null || typeof child !== 'object') return `${head} ${scalar(child)}\n`;
    if (isEmpty(child)) return `${head} ${Array.isArray(child) ? '[]' : '{}'}\n`;
    return `${head}\n${lines(child, more)}`;
  };
  if (Array.isArray(value)) return value.map((one) => item(`${indent}-`, one)).join('');
  return Object.entries(value).map(([name, one]) => item(`${indent}${scalar(name)}:`, one)).join('');
}

/** An object or list as a YAML document. */
export const yaml = (value) => lines(value, '');
