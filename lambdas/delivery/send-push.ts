import { pushChannel } from '../adapters/push.ts';
import { readEnv } from '../middleware/read-env.ts';
import { sendBatch } from './send-batch.ts';
import { env } from './send-push.env.ts';

const environment = readEnv(env);

/** Consumes both lanes' queues of this channel. Running it twice is safe by the ledger. */
export const handler = sendBatch(environment, pushChannel(environment.PUSH_APPLICATION_ID));
