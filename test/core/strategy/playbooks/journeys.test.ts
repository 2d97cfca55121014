import { describe, expect, test } from 'vitest';
import { LEFT } from '../../../../core/audience/live/membership-change.ts';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';
import type { JourneyFacts } from '../../../../core/strategy/journey/participant.ts';
import { instantiate } from '../../../../core/strategy/playbook/instantiate.ts';
import { playbookById, playbooks } from '../../../../core/strategy/playbooks/library.ts';
import { DAY, HOUR, T0, traveller } from '../journey/traveller.ts';
import { examplesOf } from './samples.ts';

const journeyOf = (id: string): JourneyInput => {
  const playbook = playbookById(id);
  if (!playbook) throw new Error(`There is no playbook ${id}`);
  const options = {
    name: id,
    values: examplesOf(playbook),
    languages: ['en'] as ['en'],
    idOf: (thing: string) => thing,
  };
  const { plan } = instantiate(playbook, options);
  if (plan.kind !== 'journey') throw new Error(`${id} is no journey`);
  return plan.input;
};

/** What happens to somebody after they have entered, by hours since then: an event comes, or time passes until then. */
type Happening = [hours: number, event?: string, properties?: Record<string, unknown>];

/** The messages that somebody gets, with the hour of each, and how it ends. */
const walked = (id: string, happenings: Happening[], facts: JourneyFacts = {}) => {
  const it = traveller(journeyOf(id), { facts });
  it.enter(T0);
  for (const [hours, event, properties = {}] of happenings) {
    const at = T0 + hours * HOUR;
    while (it.hold && it.hold.dueMs <= at) it.due();
    if (event) it.event(event, at, { properties });
  }
  const sends = it.world.steps.filter(({ kind, way }) => kind === 'message' && way === 'next');
  return {
    messages: sends.map(({ node, atMs }) => `${node} ${(atMs - T0) / HOUR}`),
    end: it.end && (it.end.detail ?? it.end.reason),
  };
};
const utc = (attributes: Record<string, string> = {}): JourneyFacts => ({ profile: { attributes, timeZone: 'UTC' } });

describe.each<[string, string, Happening[], { messages: string[]; end?: string }, JourneyFacts?]>([
  ['welcome', 'who does not buy', [[100]], { messages: ['hello 0', 'offer 72'], end: 'offered' }],
  ['welcome', 'who buys', [[20, 'order.placed'], [100]], { messages: ['hello 0'], end: 'bought' }],
  ['activation', 'who does nothing', [[200]], { messages: ['nudge 24', 'help 96'], end: 'not activated' }],
  ['activation', 'who does it at once', [[1, 'setup.completed'], [200]], { messages: [], end: 'activated' }],
  ['activation', 'who needs a nudge', [[30, 'setup.completed'], [200]], { messages: ['nudge 24'], end: 'activated' }],
  ['browse-abandonment', 'who only looks', [[10]], { messages: ['reminder 4'], end: 'reminded' }],
  ['browse-abandonment', 'who takes it', [[2, 'cart.updated'], [10]], { messages: [], end: 'cart.updated' }],
  ['cart-abandonment', 'who leaves it', [[48]], { messages: ['reminder 1', 'offer 24'], end: 'offered' }],
  ['cart-abandonment', 'who orders', [[0.5, 'order.placed'], [48]], { messages: [], end: 'order.placed' }],
  [
    'cart-abandonment',
    'who orders after the reminder',
    [[5, 'order.placed'], [48]],
    { messages: ['reminder 1'], end: 'order.placed' },
  ],
  [
    ...(['cart-abandonment', 'who empties it'] as const),
    [[0.5, 'cart.updated', { total: 0 }], [48]],
    { messages: [], end: 'cart.updated' },
  ],
  [
    ...(['cart-abandonment', 'who adds to it'] as const),
    [[0.5, 'cart.updated', { total: 120 }], [48]],
    { messages: ['reminder 1', 'offer 24'], end: 'offered' },
  ],
  ['post-purchase', 'who keeps it', [[200]], { messages: ['thanks 24', 'more 168'], end: 'cared for' }],
  [
    'post-purchase',
    'who returns it',
    [[48, 'order.returned'], [200]],
    { messages: ['thanks 24'], end: 'order.returned' },
  ],
  ['repurchase', 'who does not order', [[200]], { messages: ['reminder 0', 'again 168'], end: 'reminded' }],
  ['repurchase', 'who orders', [[48, 'order.placed'], [200]], { messages: ['reminder 0'], end: 'order.placed' }],
  ['churn-rescue', 'who does not order', [[200]], { messages: ['question 0', 'offer 120'], end: 'offered' }],
  ['churn-rescue', 'who orders', [[48, 'order.placed'], [200]], { messages: ['question 0'], end: 'stays' }],
  [
    ...(['churn-rescue', 'who is no longer at risk'] as const),
    [[48, LEFT, { segmentId: 'segment.risk' }], [200]],
    { messages: ['question 0'], end: 'segment.risk' },
  ],
  ['lead-nurturing', 'who reads', [[300]], { messages: ['guide 0', 'story 72', 'invitation 168'], end: 'invited' }],
  [
    'lead-nurturing',
    'who asks for a demo',
    [[90, 'demo.requested'], [300]],
    { messages: ['guide 0', 'story 72'], end: 'demo' },
  ],
  ['sunset', 'who is silent', [[400]], { messages: ['question 0'], end: 'sunset' }],
  [
    ...(['sunset', 'who only clicks'] as const),
    [[48, 'herald.message.clicked', { link: 'https://luma.example/shop' }], [400]],
    { messages: ['question 0'], end: 'stays' },
  ],
  ['sunset', 'who comes', [[48, 'visit'], [400]], { messages: ['question 0'], end: 'stays' }],
  // T0 is the first of December, nine o'clock.
  ['birthday', 'on the fourth', [[200]], { messages: ['wish 72'], end: 'greeted' }, utc({ birthday: '1990-12-04' })],
  ['birthday', 'yesterday', [[300]], { messages: [], end: 'too-long' }, utc({ birthday: '1990-11-30' })],
  ['birthday', 'never', [[200]], { messages: [], end: 'no birthday' }, utc()],
])('%s: %s', (id, _, happenings, expected, facts) => {
  test('gets what they should, and then is left alone', () => {
    expect(walked(id, happenings, facts)).toEqual(expected);
  });
});

test('each playbook that is a journey is among these', () => {
  const journeys = playbooks.filter(({ plan }) => plan.kind === 'journey').map(({ id }) => id);
  expect(journeys).toHaveLength(10);
  for (const id of journeys) expect(walked(id, [[24 * 20]], utc({ birthday: '1990-12-04' })).end, id).toBeDefined();
});

test('who does not answer is marked, so that segments can leave them out', () => {
  const it = traveller(journeyOf('sunset'));
  it.enter(T0);
  it.due(T0 + 14 * DAY);
  expect(it.world.participant?.pending).toMatchObject([{ kind: 'send' }, { kind: 'update', node: 'mark' }]);
});
