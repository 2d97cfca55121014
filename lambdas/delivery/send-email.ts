import { emailChannel } from '../adapters/email.ts';
import { readEnv } from '../middleware/read-env.ts';
import { sendBatch } from './send-batch.ts';
import { env } from './send-email.env.ts';

const environment = readEnv(env);

/** Consumes both lanes' queues of this channel. Running it twice is safe by the ledger. */
export const handler = sendBatch(
  environment,
  emailChannel(environment.EMAIL_FROM, environment.EMAIL_CONFIGURATION_SET),
);
