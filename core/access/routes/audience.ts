import type { Route } from '../route.ts';
import { routes as aliases } from './aliases.ts';
import { routes as imports } from './imports.ts';
import { routes as lists } from './lists.ts';
import { routes as profiles } from './profiles.ts';
import { routes as segments } from './segments.ts';

/** Whom to reach, by what is managed. */
export const routes = [...profiles, ...aliases, ...imports, ...segments, ...lists] as const satisfies readonly Route[];
