import { inappChannel } from '../adapters/inapp.ts';
import { inbox } from '../adapters/inbox.ts';
import { readEnv } from '../middleware/read-env.ts';
import { sendBatch } from './send-batch.ts';
import { env } from './send-inapp.env.ts';

const environment = readEnv(env);

/** Consumes both lanes' queues of this channel. Running it twice is safe by the ledger. */
export const handler = sendBatch(environment, inappChannel(inbox(environment.INBOX_TABLE)));
