import { memoryServices, queueUrl, startAws } from '../../test/lambdas/adapters/aws.ts';
import { environment, TABLES } from './environment.ts';

/**
 * DynamoDB (dynalite), queues and streams for a handler that is measured, in a process of their own so that their work is
 * not taken for the handler's. Tells its parent the environment to run in, then answers each message with how many
 * messages were queued since the last one. Lives until the parent goes.
 */
const services = memoryServices();
let queued = 0;
await startAws(TABLES, (request) => {
  const answer = services.answer(request);
  // A bench asks for a million things; they are counted, not kept.
  for (const messages of services.queues.values()) queued += messages.length;
  services.queues.clear();
  services.streams.clear();
  return answer;
});

const aws = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'));
process.send?.({ ...Object.fromEntries(aws), ...environment(queueUrl) });
process.on('message', () => {
  process.send?.(queued);
  queued = 0;
});
process.on('disconnect', () => process.exit());
