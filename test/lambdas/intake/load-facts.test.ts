import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import type { Needs } from '../../../core/event/facts.ts';
import type { FactSources } from '../../../lambdas/intake/load-facts.ts';
import { startAws } from '../adapters/aws.ts';

let stop: () => Promise<void>;
let sources: FactSources;
let loadFacts: typeof import('../../../lambdas/intake/load-facts.ts').loadFacts;
let asked: string[];

beforeAll(async () => {
  stop = await startAws({ profiles: ['profileId'], contacts: ['profileId'], definitions: ['kind', 'id'] });
  const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
  const { contacts } = await import('../../../lambdas/adapters/contacts.ts');
  const { references } = await import('../../../lambdas/adapters/references.ts');
  loadFacts = (await import('../../../lambdas/intake/load-facts.ts')).loadFacts;
  const people = profiles('profiles');
  const states = contacts('contacts');
  for (let n = 0; n < 60; n += 1) {
    const profile = { profileId: `p${n}`, version: 1, updatedMs: 1, locale: 'fr', attributes: { n } };
    await people.save({ profile, outbox: [] });
  }
  await states.setConsents('p1', { sms: true });
  await states.suppress('p1', 'email', { reason: 'hard-bounce', atMs: 5 });
  sources = { profiles: people, contacts: states, references: references('definitions') };
  await references('definitions').putMany('products', [{ key: 'A-1', values: { margin: 5 } }]);

  const { dynamo } = await import('../../../lambdas/adapters/dynamo.ts');
  dynamo.middlewareStack.add(
    (next) => (args) => {
      const { RequestItems = {} } = args.input as { RequestItems?: Record<string, { Keys: unknown[] }> };
      for (const [table, { Keys }] of Object.entries(RequestItems)) asked.push(`${table} ${Keys.length}`);
      return next(args);
    },
    { step: 'initialize' },
  );
});
afterAll(() => stop());
beforeEach(() => {
  asked = [];
});

const event = (profileId: string, properties: Record<string, unknown> = {}): AcceptedEvent => ({
  id: '1',
  type: 'order',
  profileId,
  source: 'shop',
  timeMs: 5,
  receivedMs: 6,
  properties,
});
const needs = (change: Partial<Needs>): Needs => ({ profile: false, contact: false, references: [], ...change });

test('what each event needs, in order; who has no profile or contact state has none', async () => {
  const products = [{ table: 'products', by: 'sku' }];
  const facts = await loadFacts(sources, [
    { event: event('p1', { sku: 'A-1' }), needs: needs({ profile: true, contact: true, references: products }) },
    { event: event('nobody'), needs: needs({ profile: true, contact: true }) },
    { event: event('p2', { sku: 'gone' }), needs: needs({ contact: true, references: products }) },
    { event: event('p1'), needs: needs({}) },
  ]);
  expect(facts).toEqual([
    {
      event: event('p1', { sku: 'A-1' }),
      profile: { profileId: 'p1', version: 1, updatedMs: 1, locale: 'fr', attributes: { n: 1 } },
      contact: { consents: { sms: true }, suppressed: { email: 'hard-bounce' }, touches: 0 },
      references: { products: { 'A-1': { margin: 5 } } },
    },
    { event: event('nobody') },
    { event: event('p2', { sku: 'gone' }), references: { products: { 'A-1': { margin: 5 } } } },
    { event: event('p1') },
  ]);
});

test('each person and row is read once, fifty people at a time, and nothing that nobody needs', async () => {
  const wanted = Array.from({ length: 120 }, (_, n) => ({
    event: event(`p${n % 60}`, { sku: `B-${n % 3}` }),
    needs: needs({ profile: true, references: [{ table: 'products', by: 'sku' }] }),
  }));
  const facts = await loadFacts(sources, wanted);
  expect(facts.map(({ profile }) => profile?.attributes.n)).toEqual(wanted.map((_, n) => n % 60));
  expect(asked.sort()).toEqual(['definitions 3', 'profiles 10', 'profiles 50']);
  asked = [];
  expect(await loadFacts(sources, [{ event: event('p1'), needs: needs({}) }])).toEqual([{ event: event('p1') }]);
  expect(await loadFacts(sources, [])).toEqual([]);
  expect(asked).toEqual([]);
});

test('a table that cannot be read fails the load: nothing is decided on half the facts', async () => {
  const broken = { ...sources, references: { getMany: () => Promise.reject(new Error('throttled')) } };
  const wanted = [
    {
      event: event('p1', { sku: 'A-1' }),
      needs: needs({ profile: true, references: [{ table: 'products', by: 'sku' }] }),
    },
  ];
  await expect(loadFacts(broken, wanted)).rejects.toThrow('throttled');
});
