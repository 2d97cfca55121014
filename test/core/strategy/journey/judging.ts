import * as liquidjs from 'liquidjs';
import type { JourneyReferences } from '../../../../core/strategy/journey/defect.ts';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import { journeyDefects } from '../../../../core/strategy/journey/validate.ts';
import { renderer } from '../../../../core/strategy/render.ts';

const render = renderer(liquidjs);
const mail = (html: string) => ({
  name: 'Hello',
  channels: { email: { subject: 'Hi', html }, push: { title: 'Hi', body: 'Hi' } },
});
const plain = mail('Hi');
export const references: JourneyReferences = {
  templates: {
    ...{ hello: plain, offer: plain, thanks: plain, t: plain },
    event: mail('{{ event.properties.total }}'),
    window: mail('{{ window.value }}'),
  },
  segments: { regulars: { isLive: true, attributes: ['stage', 'city'] }, asleep: { isLive: false, attributes: [] } },
  lists: new Set(['staff']),
  endpoints: new Set(['crm']),
  sources: new Set(['shop', '01JD0000000000000000000000']),
  tables: { shops: { columns: { open: 'boolean' } } },
  hasAudience: true,
  hasTimes: true,
  tracking: { clicks: true, opens: true },
};
export const judge = (input: JourneyInput, changes: Partial<JourneyReferences> = {}) =>
  journeyDefects(input, { ...references, ...changes }, render);
export const told = (input: JourneyInput, changes: Partial<JourneyReferences> = {}): string[] =>
  judge(input, changes).map(({ path, code, message: text }) => `${path} (${code}): ${text}`);

export const wait: JourneyNode = { kind: 'wait', for: { days: 1 }, next: 'e' };
export const goals = [{ name: 'order', event: { eventType: 'order.placed' } }];
export const experiment = (change: object = {}): JourneyNode =>
  ({
    kind: 'experiment',
    arms: [
      { name: 'a', percent: 50, next: 'e' },
      { name: 'b', percent: 50, next: 'e' },
    ],
    ...{ goal: 'order', method: 'fixed', minimumSample: 1, minimumDays: 1, default: 'a', ...change },
  }) as JourneyNode;
export const split = (...percents: number[]): JourneyNode => ({
  kind: 'split',
  arms: percents.map((percent, n) => ({ name: `${n}`, percent, next: 'e' })),
});
export const branch = (...whens: object[]): JourneyNode =>
  ({
    kind: 'branch',
    branches: whens.map((when, n) => ({ name: `b${n}`, when: [when].flat(), next: 'e' })),
    otherwise: 'w',
  }) as JourneyNode;
export const birthday = (ifMissing?: string): JourneyNode => ({
  kind: 'wait-until',
  at: { attribute: 'born', yearly: true, time: '09:00' },
  ...(ifMissing && { ifMissing }),
  next: 'm',
});
