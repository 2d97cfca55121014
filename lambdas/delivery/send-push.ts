import type { TokenNews } from '../../core/audience/device.ts';
import { pushChannel } from '../adapters/push.ts';
import { readEnv } from '../middleware/read-env.ts';
import { sendBatch } from './send-batch.ts';
import { env } from './send-push.env.ts';

const environment = readEnv(env);

/** Few pushes meet a dead token, so what it takes to change a profile is loaded then. */
const tell = async (news: readonly TokenNews[]): Promise<void> => {
  const { settleTokens } = await import('./settle-tokens.ts');
  await settleTokens(environment, news);
};

/** Consumes both lanes' queues of this channel. Running it twice is safe by the ledger. */
export const handler = sendBatch(environment, pushChannel(environment.PUSH_APPLICATION_ID, tell));
