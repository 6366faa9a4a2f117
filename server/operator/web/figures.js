// Service levels of each operation, out of GET /operator/figures.

/** By provider and operation of this month: requests, failed, today's p95 and that of the slowest day. */
export function byOperation({ days, today, monthBegan }) {
  const all = new Map();
  for (const one of days.filter(({ day }) => day >= monthBegan)) {
    const key = `${one.provider} ${one.operation}`;
    const sum = all.get(key) ?? { provider: one.provider, operation: one.operation, requests: 0, failed: 0, today: null, slowest: 0 };
    const p95 = one.p95Us ?? Infinity;
    sum.requests += one.requests;
    sum.failed += one.failed;
    if (one.day === today) sum.today = p95;
    if (p95 > sum.slowest) Object.assign(sum, { slowest: p95, slowestDay: one.day });
    all.set(key, sum);
  }
  return [...all.values()];
}

/** Whether so many may have failed: 995 of 1000 must not. */
export const isAvailable = ({ requests, failed }, perMille) => (requests - failed) * 1000 >= requests * perMille;

export const percent = ({ requests, failed }) => (requests ? `${(100 - (failed / requests) * 100).toFixed(2)} %` : '–');

export const bound = (us) => (us === Infinity ? '> 5 s' : us < 1000 ? '≤ 1 ms' : `≤ ${us / 1000} ms`);
