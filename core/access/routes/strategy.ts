import type { Route } from '../route.ts';
import { routes as approvals } from './approvals.ts';
import { routes as campaigns } from './campaigns.ts';
import { routes as playbooks } from './playbooks.ts';
import { routes as templates } from './templates.ts';

export const routes = [...templates, ...playbooks, ...approvals, ...campaigns] as const satisfies readonly Route[];
