import type { Route } from '../route.ts';
import { routes as approvals } from './approvals.ts';
import { routes as campaigns } from './campaigns.ts';
import { routes as playbooks } from './playbooks.ts';
import { routes as templates } from './templates.ts';
import { routes as testSends } from './test-sends.ts';

export const routes = [
  ...templates,
  ...testSends,
  ...playbooks,
  ...approvals,
  ...campaigns,
] as const satisfies readonly Route[];
