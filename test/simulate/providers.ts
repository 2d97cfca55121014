import type { ServiceRequest, ServiceResponse } from '../../local/types.ts';
import type { Chance } from './chance.ts';
import type { Fault, Faults } from './faults.ts';
import type { Timeline } from './timeline.ts';
import type { Mishap } from './wire.ts';

/** What a provider's call comes to: a mishap on the way, or an answer that is not the provider's own. */
export type Trouble = { mishap: Mishap } | { answer: ServiceResponse } | undefined;

/** So long a call hangs until it is given up, as provider-call.ts does. */
const HUNG_MS = 13_000;

const hung = () => Object.assign(new Error('The operation was aborted due to timeout'), { name: 'TimeoutError' });
const broken = (code: string) => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
const refusal = (status: number, type: string): ServiceResponse => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: { __type: type, message: 'The simulation refuses' },
});

const LOST: Partial<Record<Fault, () => Mishap>> = {
  'provider-refused-connection': () => ({ applied: false, error: broken('ECONNREFUSED') }),
  'provider-hung-without-effect': () => ({ applied: false, error: hung(), afterMs: HUNG_MS }),
  'provider-hung-after-effect': () => ({ applied: true, error: hung(), afterMs: HUNG_MS }),
  'provider-reset-after-effect': () => ({ applied: true, error: broken('ECONNRESET') }),
};
/** What comes instead of the provider's answer, which did nothing. */
const REFUSED: Partial<Record<Fault, () => ServiceResponse>> = {
  'provider-gateway-without-effect': () => refusal(504, 'GatewayTimeout'),
  'provider-down': () => refusal(503, 'ServiceUnavailable'),
  'provider-throttled': () => refusal(429, 'TooManyRequestsException'),
  'provider-account': () => refusal(403, 'AccessDeniedException'),
  'provider-refused': () => refusal(400, 'BadRequestException'),
};
const KINDS = [...Object.keys(LOST), ...Object.keys(REFUSED), 'provider-gateway-after-effect'] as Fault[];

type Props = { timeline: Timeline; chance: Chance; faults: Faults };

/** What happens to the calls of providers. */
export class Providers {
  private readonly props: Props;
  /** Of whom a call may have failed, by channel: who was not reached there has an excuse. */
  readonly failed = new Set<string>();

  constructor(props: Props) {
    this.props = props;
  }

  /** `gatewayAfterEffect`: have the provider act, and answer this instead. */
  trouble(channel: string): Trouble | { gatewayAfterEffect: ServiceResponse } {
    const { timeline, faults, chance } = this.props;
    if (faults.isOut(channel, timeline.now())) {
      faults.count('provider-outage');
      this.failed.add(channel);
      if (chance.is(0.5)) return { answer: refusal(503, 'ServiceUnavailable') };
      return { mishap: { applied: false, error: hung(), afterMs: HUNG_MS } };
    }
    const fault = faults.oneOf(chance.shuffled(KINDS));
    if (!fault) return undefined;
    this.failed.add(channel);
    const mishap = LOST[fault]?.();
    if (mishap) return { mishap };
    const answer = REFUSED[fault]?.();
    return answer ? { answer } : { gatewayAfterEffect: refusal(502, 'BadGateway') };
  }

  /** Bulk emails of which some are to come again: what SES is asked for, and how its answer is completed. */
  async someLater(request: ServiceRequest, handle: (request: ServiceRequest) => Promise<ServiceResponse>) {
    const { chance, faults } = this.props;
    if (!faults.happens('provider-some-later')) return handle(request);
    this.failed.add('email');
    const asked = JSON.parse((await request.body()).toString()) as { BulkEmailEntries: unknown[] };
    const later = asked.BulkEmailEntries.map(() => chance.is(0.5));
    const taken = asked.BulkEmailEntries.filter((_, n) => !later[n]);
    const Status = chance.pick(['ACCOUNT_THROTTLED', 'TRANSIENT_FAILURE', 'ACCOUNT_DAILY_QUOTA_EXCEEDED']);
    const results: unknown[] = [];
    if (taken.length > 0) {
      const body = async () => Buffer.from(JSON.stringify({ ...asked, BulkEmailEntries: taken }));
      const answer = (await handle({ ...request, body })).body as { BulkEmailEntryResults: unknown[] };
      results.push(...answer.BulkEmailEntryResults);
    }
    return { body: { BulkEmailEntryResults: later.map((isLater) => (isLater ? { Status } : results.shift())) } };
  }
}
