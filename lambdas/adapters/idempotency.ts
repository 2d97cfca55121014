import { createHash } from 'node:crypto';
import type { JSONValue } from '@aws-lambda-powertools/commons/types';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { encodeTime } from 'ulid';
import { canonicalJson } from '../../core/strategy/plan-hash.ts';
import { dynamo } from './dynamo.ts';

/** A key is remembered for a day: long enough for every client's retries. */
const REMEMBERED_SECONDS = 24 * 3_600;

/** `fresh`: run now. Otherwise why not, or the answer of the first time is given. */
export type OnceResult<T> = { kind: 'answer'; answer: T } | { kind: 'in-progress' } | { kind: 'other-body' };

/** When the key was first used, and the id of what it makes: the same at every attempt. */
export type FirstUse = { nowMs: number; newId: string };

/** Crockford's base 32, of which ULIDs are made. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * Runs `act` once per key and gives its answer again afterwards. An `act` that throws is forgotten, so the caller may
 * try again; one that died with its Lambda is forgotten when that Lambda's time was up. What it may have made by then is
 * found again by `newId`. Costs three writes a call.
 */
export const onceIn = (table: string) => {
  const persistenceStore = new DynamoDBPersistenceLayer({ tableName: table, awsSdkV3Client: dynamo });
  return async <T>(
    key: { route: string; actor: string; key: string },
    body: unknown,
    context: Context,
    act: (first: FirstUse) => Promise<T>,
  ): Promise<OnceResult<T>> => {
    const firstUse = async (): Promise<FirstUse> => {
      const hash = createHash('sha256')
        .update(canonicalJson([key.route, key.actor, key.key, body ?? null]))
        .digest();
      const nowMs = await firstMs(table, `first#${hash.toString('hex')}`, Date.now());
      const random = [...hash.subarray(0, 16)].map((byte) => DIGITS[byte % 32]).join('');
      return { nowMs, newId: encodeTime(nowMs, 10) + random };
    };
    const config = new IdempotencyConfig({
      eventKeyJmesPath: 'key',
      payloadValidationJmesPath: 'body',
      throwOnNoIdempotencyKey: true,
      expiresAfterSeconds: REMEMBERED_SECONDS,
      hashFunction: 'sha256',
    });
    config.registerLambdaContext(context);
    const once = makeIdempotent(
      async (_payload: { key: object; body: unknown }) => (await act(await firstUse())) as JSONValue,
      {
        persistenceStore,
        config,
        keyPrefix: 'api',
      },
    );
    try {
      return { kind: 'answer', answer: (await once({ key, body: body ?? null })) as T };
    } catch (error) {
      if (error instanceof Error && error.name === 'IdempotencyAlreadyInProgressError') return { kind: 'in-progress' };
      if (error instanceof Error && error.name === 'IdempotencyValidationError') return { kind: 'other-body' };
      throw error;
    }
  };
};

/** The time with which the item was first written. */
const firstMs = async (table: string, id: string, nowMs: number): Promise<number> => {
  const { Attributes } = await dynamo.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { id: { S: id } },
      UpdateExpression: 'SET firstMs = if_not_exists(firstMs, :now), expiration = if_not_exists(expiration, :end)',
      ExpressionAttributeValues: {
        ':now': { N: String(nowMs) },
        ':end': { N: String(Math.ceil(nowMs / 1_000) + REMEMBERED_SECONDS) },
      },
      ReturnValues: 'ALL_NEW',
    }),
  );
  return Number(Attributes?.firstMs?.N ?? nowMs);
};
