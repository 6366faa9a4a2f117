// Figures of each operation, out of the text of /metrics.

const SAMPLE = /^(\w+)\{provider="([^"]*)",operation="([^"]*)",(\w+)="([^"]*)"\} (\d+)/;

/**
 * By provider and operation: requests, those that failed with 5xx, and the bound in milliseconds
 * under which 95 of 100 stayed.
 */
export function figures(text) {
  const all = new Map();
  for (const line of text.split('\n')) {
    const [, name, provider, operation, label, value, count] = SAMPLE.exec(line) ?? [];
    if (!name || operation === 'none') continue;
    const key = `${provider} ${operation}`;
    if (!all.has(key)) all.set(key, { provider, operation, requests: 0, failed: 0, buckets: [] });
    const one = all.get(key);
    if (name === 'lfi_requests_total' && label === 'status') {
      one.requests += Number(count);
      if (value.startsWith('5')) one.failed += Number(count);
    } else if (name === 'lfi_request_duration_seconds_bucket') {
      one.buckets.push([value === '+Inf' ? Infinity : Number(value) * 1000, Number(count)]);
    }
  }
  return [...all.values()].map(({ buckets, ...one }) => {
    const found = buckets.find(([, count]) => count >= one.requests * 0.95);
    return { ...one, p95: found ? found[0] : Infinity };
  });
}
