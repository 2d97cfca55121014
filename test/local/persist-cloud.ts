import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { virtualClock } from '../../local/clock.ts';
import { credentials, fn, mapping, miniCloud, queue } from './mini-cloud.ts';

/** The same cloud before and after the kill. `F` hangs the first time that it sees a message. */
export const persistedCloud = (persist: string, startMs: number) =>
  miniCloud(
    virtualClock(startMs),
    {
      T: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        },
      },
      Plain: queue({ VisibilityTimeout: 3_600 }),
      Q: queue({ VisibilityTimeout: 3_600 }),
      F: fn(
        `export const handler = async ({ Records: [record] }) => {
          console.info({ body: record.body, receives: record.attributes.ApproximateReceiveCount });
          if (record.attributes.ApproximateReceiveCount === '1') await new Promise(() => setInterval(() => {}, 1_000));
        };`,
        { Timeout: 900 },
      ),
      M: mapping('Q', 'F'),
      Later: fn(
        "export const handler = async (event) => { console.info(event); if (Date.now() < 60_000) throw new Error('later'); };",
      ),
    },
    { persist },
  );

// Run as a program: does a little of everything, says so, and waits to be killed.
if (process.argv[1] === import.meta.filename) {
  const cloud = await persistedCloud(process.argv[2] ?? '', 0);
  const dynamo = new DynamoDBClient({ endpoint: cloud.url, region: 'us-east-1', credentials });
  await dynamo.send(new PutItemCommand({ TableName: cloud.ref('T'), Item: { id: { S: 'kept' } } }));
  const send = (id: string, MessageBody: string) =>
    cloud.sqs.send(new SendMessageCommand({ QueueUrl: cloud.ref(id), MessageBody }));
  await send('Plain', 'in flight');
  await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl: cloud.ref('Plain') }));
  await send('Plain', 'waiting');
  await cloud.services.lambda.invokeAsync(cloud.arn('Later'), { order: 7 });
  await cloud.clock.idle();
  await send('Q', 'half done');
  while (cloud.logs('F').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  console.log('ready');
}
