import { BatchGetItem$, type BatchGetItemCommandOutput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Profile } from '../core/audience/profile.ts';
import { MAX_READ, profilesIn } from '../lambdas/adapters/profiles.ts';
import { makePairs, textOf } from './matching/documents.ts';

const TABLE = 'profiles';
const ROUNDS = 31;
const WARM_UP = 5;
const ANSWERS_PER_ROUND = 50;

/**
 * Microseconds of CPU a profile (of all threads: what else runs on the machine does not count), medians of interleaved rounds:
 * - `parseUs`: JSON.parse of its text;
 * - `decodeUs`: from the bytes of an answer of DynamoDB to the profile, by the SDK's protocol and the adapter, as
 *   `readMany` does it with as many profiles an answer as it asks for;
 * - `unmarshallUs`: the same profile stored as attributes, parsed and unmarshalled, without the SDK's protocol.
 */
export const profileDecode = async (): Promise<{ parseUs: number; decodeUs: number; unmarshallUs: number }> => {
  const profiles = makePairs(MAX_READ).map((pair, n): Profile => {
    const { profile: attributes } = JSON.parse(`{"profile":${textOf(pair).profile}}`) as {
      profile: Profile['attributes'];
    };
    return { profileId: `usr_${n}`, version: 3, updatedMs: 1_760_000_000_000, locale: 'fr', attributes };
  });
  const texts = profiles.map((profile) => JSON.stringify(profile));
  const answer = Buffer.from(
    JSON.stringify({
      Responses: { [TABLE]: texts.map((body) => ({ body: { S: body } })) },
      UnprocessedKeys: {},
    }),
  );
  const stored = profiles.map((profile) => JSON.stringify(marshall(profile)));
  const decode = decoder();

  const ways = {
    parseUs: () => texts.map((text) => JSON.parse(text) as Profile),
    decodeUs: () => decode(answer),
    unmarshallUs: () => stored.map((text) => unmarshall(JSON.parse(text))),
  };
  for (const [name, way] of Object.entries(ways)) {
    if (JSON.stringify(await way()) !== JSON.stringify(profiles)) throw new Error(`${name} gives other profiles`);
  }
  const rounds: Record<keyof typeof ways, number[]> = { parseUs: [], decodeUs: [], unmarshallUs: [] };
  // The first rounds only warm up.
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    for (const name of Object.keys(ways) as (keyof typeof ways)[]) {
      const before = process.cpuUsage();
      for (let n = 0; n < ANSWERS_PER_ROUND; n += 1) await ways[name]();
      const { user, system } = process.cpuUsage(before);
      if (round >= WARM_UP) rounds[name].push((user + system) / (ANSWERS_PER_ROUND * MAX_READ));
    }
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  return {
    parseUs: median(rounds.parseUs),
    decodeUs: median(rounds.decodeUs),
    unmarshallUs: median(rounds.unmarshallUs),
  };
};

/** The client's own reading of an answer, without request and network. */
const decoder = () => {
  const { config } = new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  });
  // What the client does with each response; the SDK's types hide that the configuration holds it.
  const protocol = config.protocol as unknown as {
    deserializeResponse(operation: object, context: object, response: object): Promise<unknown>;
  };
  const [, namespace, name, traits, input, output] = BatchGetItem$;
  const operation = { namespace, name, traits, input, output };
  const context = { ...config, streamCollector: async (body: Uint8Array) => body };
  return async (bytes: Uint8Array): Promise<Profile[]> => {
    // A view of its own each time: the collector of bodies changes the prototype of what it is given.
    const body = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const response = { statusCode: 200, headers: {}, body };
    const answer = (await protocol.deserializeResponse(operation, context, response)) as BatchGetItemCommandOutput;
    return profilesIn(answer, TABLE);
  };
};
