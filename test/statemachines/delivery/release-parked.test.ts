import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Fake, harness, named } from '../../local/states-harness.ts';

const definition = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../statemachines/delivery/release-parked.asl.json'), 'utf8').replace(
    '${ReleaseParkedFunctionArn}',
    'arn:aws:lambda:us-east-1:000000000000:function:release-parked',
  ),
) as object;
const input = { campaignId: 'c', pause: 4 };

describe('release-parked', () => {
  const run = async (release: Fake) => {
    const h = harness({ 'release-parked': release });
    const end = await h.run(definition, input);
    return { end, events: h.calls.map(({ event }) => event) };
  };

  test('asks again while there is more, and through trouble', async () => {
    const { end, events } = await run((_, call) => {
      if (call < 40) throw named('MoreToWake');
      if (call < 100) throw named('ThrottlingException');
      return { messages: 7 };
    });
    expect(end).toMatchObject({ status: 'SUCCEEDED', output: { messages: 7 } });
    expect(events).toEqual(Array(100).fill(input));
  });

  test('fails for the alarm when it never works', async () => {
    const { end, events } = await run(() => {
      throw named('Broken', 'no queue');
    });
    expect(end).toMatchObject({ status: 'FAILED', error: 'Broken' });
    expect(events).toHaveLength(121);
  });
});
