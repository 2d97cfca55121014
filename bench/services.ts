import { memoryServices, queueUrl, startAws } from '../test/lambdas/adapters/aws.ts';
import { environmentOf } from './environment.ts';
import { answerAsProvider } from './providers.ts';

/**
 * DynamoDB (dynalite), buckets, queues, streams and providers for a handler that is measured, in a process of their own so
 * that their work is not taken for the handler's. `services.ts <list of variables, from lambdas/ on>` tells its parent the
 * environment to run in, then answers each message with what was counted since the last one. Lives until the parent goes.
 */
export type Counted = { queued: number; sent: number };

const services = memoryServices();
const counted: Counted = { queued: 0, sent: 0 };
const { tables, values } = await environmentOf(process.argv[2] ?? '');
await startAws(tables, (request) => {
  const provided = answerAsProvider(request);
  counted.sent += provided?.messages ?? 0;
  if (provided) return provided.answer;
  const answer = services.answer(request);
  // A bench asks for a million things; they are counted, not kept.
  for (const messages of services.queues.values()) counted.queued += messages.length;
  services.queues.clear();
  services.streams.clear();
  return answer;
});

const aws = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'));
process.send?.({ ...Object.fromEntries(aws), ...values(queueUrl) });
process.on('message', () => {
  process.send?.(counted);
  Object.assign(counted, { queued: 0, sent: 0 });
});
process.on('disconnect', () => process.exit());
