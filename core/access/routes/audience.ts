import type { Route } from '../route.ts';
import { routes as aliases } from './aliases.ts';
import { routes as audiences } from './audiences.ts';
import { routes as devices } from './devices.ts';
import { routes as estimates } from './estimates.ts';
import { routes as explanations } from './explanations.ts';
import { routes as imports } from './imports.ts';
import { routes as leadModels } from './lead-models.ts';
import { routes as leads } from './leads.ts';
import { routes as lists } from './lists.ts';
import { routes as liveSegments } from './live-segments.ts';
import { routes as models } from './models.ts';
import { routes as personalData } from './personal-data.ts';
import { routes as previews } from './previews.ts';
import { routes as profiles } from './profiles.ts';
import { routes as segments } from './segments.ts';
import { routes as snapshots } from './snapshots.ts';

/** Whom to reach, by what is managed. */
export const routes = [
  ...profiles,
  ...devices,
  ...aliases,
  ...imports,
  ...segments,
  ...liveSegments,
  ...lists,
  ...audiences,
  ...previews,
  ...estimates,
  ...explanations,
  ...snapshots,
  ...models,
  ...leadModels,
  ...leads,
  ...personalData,
] as const satisfies readonly Route[];
