import { routes as accessRoutes } from '../../core/access/routes/access.ts';
import { apiHandler } from '../middleware/api.ts';

/** The document is the same as long as the code is: made at the first request, then kept. */
let document: Promise<unknown> | undefined;

const load = async () => {
  const [{ openApiOf }, { routes }] = await Promise.all([
    import('../../core/access/openapi.ts'),
    import('../../core/access/routes.ts'),
  ]);
  return openApiOf(routes);
};

/** The description of the API. Only reads, so running it twice is safe. */
export const handler = apiHandler('access/serve-openapi', accessRoutes, {
  getOpenApi: async () => {
    document ??= load();
    return { body: await document };
  },
});
