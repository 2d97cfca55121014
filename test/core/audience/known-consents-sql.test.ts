import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consentsOf, consentsText, knownConsentsSql } from '../../../core/audience/known-consents-sql.ts';
import { sql } from '../../../core/audience/sql.ts';
import { CHANNELS, LANES } from '../../../core/delivery/channel.ts';
import { allows, type ConsentRow, consentRows } from '../../../core/delivery/consent.ts';
import { createLake, type Lake } from '../lake.ts';

let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

type Statement = { consent: string; given: boolean; imported: boolean };
const TOPIC = 'offers';
const statement = fc.record<Statement>({
  consent: fc.constantFrom(...CHANNELS.flatMap((channel) => [channel, `${channel}/${TOPIC}`, `${channel}/news`])),
  given: fc.boolean(),
  imported: fc.boolean(),
});

/** The contact's state after the same statements: setConsents and consentGrants of the adapters. */
const contactAfter = (statements: readonly Statement[]): Record<string, boolean> => {
  const consents: Record<string, boolean> = {};
  for (const { consent, given, imported } of statements) {
    if (imported && given) consents[consent] ??= true;
    else consents[consent] = given;
  }
  return consents;
};
const rowsOf = (profileId: string, statements: readonly Statement[]): ConsentRow[] =>
  statements.flatMap(({ consent, given, imported }, n) =>
    consentRows(profileId, { [consent]: given }, { imported, atMs: n + 1 }),
  );
const ask = async (lane: (typeof LANES)[number]) => {
  const sending = { topic: TOPIC, lane };
  const found = await lake.query(
    `WITH ${knownConsentsSql(sending)} SELECT profile_id, ${consentsText(sql`known`)} AS consents FROM known`,
  );
  return new Map(found.map((row) => [row.profile_id, consentsOf(row.consents ?? '')]));
};

describe('what the lake knows of consents', () => {
  it.each(LANES)('is what the gate finds in the contact: %s', async (lane) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(statement, { maxLength: 12 }), { minLength: 50, maxLength: 50 }),
        async (people) => {
          // Rows that are written twice, in any order, say nothing new.
          const rows = people.flatMap((said, n) => rowsOf(`p${n}`, said));
          lake.consents([...rows, ...rows.slice(0, 40)].reverse());
          const known = await ask(lane);
          for (const [n, said] of people.entries()) {
            const consents = contactAfter(said);
            const about = (key: string) => consents[key] !== undefined;
            const expected = CHANNELS.flatMap((channel) =>
              about(`${channel}/${TOPIC}`) || (lane === 'promotional' && about(channel))
                ? [[channel, allows(consents, channel, TOPIC, lane)]]
                : [],
            );
            expect(known.get(`p${n}`) ?? {}, JSON.stringify(said)).toEqual(Object.fromEntries(expected));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('of two statements in one millisecond the no counts', async () => {
    const at = { imported: false, atMs: 5 };
    lake.consents([
      ...consentRows('ada', { sms: true }, at),
      ...consentRows('ada', { sms: false }, at),
      ...consentRows('bob', { sms: true }, at),
    ]);
    expect(await ask('promotional')).toEqual(
      new Map([
        ['ada', { sms: false }],
        ['bob', { sms: true }],
      ]),
    );
  });
});
