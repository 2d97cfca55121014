import * as z from 'zod/mini';
import { env as checkCampaigns } from './check-campaigns.env.ts';

export const env = z.extend(checkCampaigns, { AUDIT_TABLE: z.string() });
