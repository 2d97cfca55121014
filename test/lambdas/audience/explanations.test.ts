import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';
import { threePeople } from './three-people.ts';

let world: AudienceWorld;
let handler: ApiLambda;
beforeAll(async () => {
  world = await audienceWorld();
  await threePeople(world);
  handler = (await import('../../../lambdas/audience/explain-membership.ts')).handler;
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const defs = definitions(process.env.DEFINITIONS_TABLE ?? '');
  const { contacts } = await import('../../../lambdas/adapters/contacts.ts');
  const { memberships } = await import('../../../lambdas/adapters/memberships.ts');
  const { appendRows } = await import('../../../lambdas/adapters/lake.ts');
  await defs.put('list', 'vip', { id: 'vip', name: 'VIP' }, 0, 1);
  await defs.put('segment', 'twice', { name: 'Twice', segment: { event: 'purchase', count: { atLeast: 3 } } }, 0, 1);
  await defs.put('audience', 'rest', { audience: { difference: [{ list: 'vip' }, { segment: 'twice' }] } }, 0, 1);
  await memberships(process.env.MEMBERSHIPS_TABLE ?? '').stateMany('list#vip', ['a'], true, 5);
  await contacts(process.env.CONTACTS_TABLE ?? '').setConsents('a', { email: true });
  // What she bought before she was known.
  await appendRows(process.env.IDENTITIES_STREAM ?? '', [{ alias: "a's laptop", profile_id: 'a', at_ms: 1 }]);
  const bought = { id: '9', type: 'purchase', source: 'shop', properties: '{}', time_ms: 5, received_ms: Date.now() };
  await world.appendEvents([{ ...bought, profile_id: "anonymous:a's laptop" }]);
  world.flushLake();
});
afterAll(() => world.stop());

const DAY = 86_400_000;
const ask = async (body: object) => call(handler, { route: 'POST /v1/segments/explain', body });

describe('an explanation', () => {
  it('is made of what the tables and the lake know of the person', async () => {
    const segment = { all: [{ list: 'vip' }, { consent: 'email', equals: true }, { segment: 'twice' }] };
    const { status, body } = await ask({ segment, profileId: 'a' });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        ...{ profileId: 'a', member: true, asOf: expect.stringMatching(/Z$/) },
        text: expect.stringMatching(/^People on the list/),
        events: { count: 3, complete: true, scannedBytes: expect.any(Number) },
        explanation: {
          node: 'all',
          holds: true,
          parts: [
            { holds: true, found: 'is on the list “VIP”' },
            { holds: true, found: 'said yes to “email”' },
            { holds: true, found: expect.stringMatching(/^did “purchase” 3 times, first at 1970/) },
          ],
        },
      },
    });
  });

  it('is of a saved audience, too, and says why not', async () => {
    expect((await ask({ audienceId: 'rest', profileId: 'b' })).body).toMatchObject({
      member: false,
      explanation: {
        parts: [
          { holds: false, found: 'is not on the list “VIP”' },
          { node: 'not', holds: true },
        ],
      },
    });
  });

  it('says nothing about what lies before all that the segment looks at', async () => {
    const visit = { id: 'v', type: 'visit', source: 'shop', properties: '{}', profile_id: 'a' };
    await world.appendEvents([{ ...visit, time_ms: Date.now() - 90 * DAY, received_ms: Date.now() - 90 * DAY }]);
    world.flushLake();
    const found = async (segment: object) =>
      ((await ask({ segment, profileId: 'a' })).body as { explanation: { found: string } }).explanation.found;
    expect(await found({ event: 'visit', count: { atLeast: 1 }, within: { days: 7 } })).toMatch(
      /^did not do “visit” since \d{4}-/,
    );
    expect(await found({ event: 'visit', last: { withinDays: 7 } })).toMatch(/^did not do “visit” since /);
    expect(await found({ event: 'visit', count: { atLeast: 1 } })).toMatch(/^did “visit” once, at /);
  });

  it('reads no events when none are asked for', async () =>
    expect((await ask({ listId: 'vip', profileId: 'a' })).body).not.toHaveProperty('events'));

  it.each<[object, number, string]>([
    [{ listId: 'vip', profileId: 'nobody' }, 404, 'not-found'],
    [{ listId: 'vip', profileId: 'anonymous:x' }, 404, 'not-found'],
    [{ listId: 'none', profileId: 'a' }, 422, 'invalid-reference'],
    [{ profileId: 'a' }, 400, 'invalid-body'],
  ])('%j is refused', async (body, status, slug) =>
    expect(await ask(body)).toMatchObject({ status, body: { type: `/problems/${slug}` } }),
  );
});
