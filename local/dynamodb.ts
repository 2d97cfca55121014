import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AwsError, type Context, type ResourceHandler, type Service } from './types.ts';

type Answer = { id: number; status: number; body: string; units: number };
const READS = ['GetItem', 'BatchGetItem', 'Query', 'Scan'];
const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];

/** DynamoDB on dynalite. Without `persist` the tables live in memory. Items outlive their TTL, as they may on AWS. */
export const dynamodb = (ctx: Context, { persist = false }: { persist?: boolean } = {}): Service => {
  const worker = new Worker(new URL('./dynamodb-worker.mjs', import.meta.url), {
    workerData: persist ? { path: join(ctx.dataDir, 'dynamodb') } : {},
    env: { AWS_REGION: ctx.region, AWS_ACCOUNT_ID: ctx.account },
    execArgv: [],
  });
  const pending = new Map<number, PromiseWithResolvers<Answer>>();
  worker.on('message', (answer: Answer) => {
    pending.get(answer.id)?.resolve(answer);
    pending.delete(answer.id);
  });
  worker.on('error', (error) => {
    for (const { reject } of pending.values()) reject(error);
  });

  let lastId = 0;
  const call = (action: string, body: string): Promise<Answer> => {
    const answer = Promise.withResolvers<Answer>();
    lastId += 1;
    pending.set(lastId, answer);
    worker.postMessage({ id: lastId, action, body });
    return answer.promise;
  };

  const creations: Promise<void>[] = [];
  const createTable = async (table: object) => {
    const { status, body } = await call('CreateTable', JSON.stringify(table));
    if (status !== 200 && !body.includes('ResourceInUseException')) throw new Error(`CreateTable: ${body}`);
  };
  const tableResource: ResourceHandler = {
    supported: ['TableName', 'KeySchema', 'AttributeDefinitions', 'GlobalSecondaryIndexes'],
    ignored: [
      ...['BillingMode', 'SSESpecification', 'TimeToLiveSpecification', 'DeletionProtectionEnabled', 'Tags'],
      'PointInTimeRecoverySpecification',
    ],
    create({ logicalId, stack, properties }) {
      const TableName = String(properties.TableName ?? `${stack}-${logicalId}`);
      creations.push(createTable({ ...properties, TableName, BillingMode: 'PAY_PER_REQUEST' }));
      const Arn = `arn:aws:dynamodb:${ctx.region}:${ctx.account}:table/${TableName}`;
      return { ref: TableName, attributes: { Arn } };
    },
  };

  return {
    signingName: 'dynamodb',
    resources: { 'AWS::DynamoDB::Table': tableResource },
    async handle({ action, body: read }) {
      const kind = READS.includes(action) ? 'read' : 'write';
      if (kind === 'write' && !WRITES.includes(action)) {
        throw new AwsError('UnknownOperationException', `The local DynamoDB does not support ${action}`);
      }
      const { status, body, units } = await call(action, (await read()).toString());
      if (units > 0) ctx.meter.count(`dynamodb-${kind}-unit`, units, `dynamodb:${action}`);
      return { status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body };
    },
    async start() {
      await Promise.all(creations);
    },
    async stop() {
      await worker.terminate();
    },
  };
};
