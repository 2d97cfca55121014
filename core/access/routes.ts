import type { Route } from './route.ts';
import { routes as access } from './routes/access.ts';
import { routes as audience } from './routes/audience.ts';
import { routes as campaignShelf } from './routes/campaign-shelf.ts';
import { routes as delivery } from './routes/delivery.ts';
import { routes as intake } from './routes/intake.ts';
import { routes as journeys } from './routes/journeys.ts';
import { routes as links } from './routes/links.ts';
import { routes as measurement } from './routes/measurement.ts';
import { routes as preFlights } from './routes/pre-flights.ts';
import { routes as campaigns } from './routes/strategy.ts';

/** Journeys have a handler of their own, which needs no other's schemas. */
const strategy = [...campaigns, ...journeys] as const;

/** The whole API, by noun. Handlers import only their own noun's table, which keeps their bundles small. */
export const routesByNoun = {
  intake,
  audience,
  strategy: [...strategy, ...campaignShelf, ...preFlights],
  delivery,
  measurement,
  access,
} as const;
export const routes: readonly Route[] = Object.values(routesByNoun).flat();

/** The ways from a message: for everybody, at an address of their own. */
export const linkRoutes: readonly Route[] = links;
export const apiRoutes: readonly Route[] = routes.filter((route) => !linkRoutes.includes(route));
