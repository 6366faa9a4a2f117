// The operations of the contract at each provider, and the command that calls one as the Hub does.
import { button, choice, code, copy, element, field, number, table } from './page.js';

function command(provider, { method, path }) {
  return `tools/call --provider ${provider} ${method} '${path}'`;
}

export async function showOperations(main, { providers, act }) {
  const provider = choice(providers.map((one) => one.provider));
  const list = element('section', { className: 'card' });

  function show() {
    const { operations } = providers.find((one) => one.provider === provider.value);
    list.replaceChildren(table(['Operation', 'Method', 'Path', 'Offered', 'Command'], operations.map((one) => [
      code(one.operation), code(one.method), code(one.path),
      number(one.offered ? 'yes' : 'not by this core', one.offered ? 'good' : 'warn'),
      button('Copy', () => act(() => copy(command(provider.value, one), 'Command')), 'quiet'),
    ])));
  }
  provider.onchange = show;
  main.append(element('p', { className: 'soft' },
    'The command plays the Hub once against this demonstration; with --curl it prints the complete curl command.'),
    element('form', { className: 'row' }, field('Provider', provider)), list);
  show();
  return null;
}
