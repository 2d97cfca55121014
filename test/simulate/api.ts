import type { Functions } from './functions.ts';
import type { Timeline } from './timeline.ts';

/** A call, as API Gateway hands it on. */
const apiEvent = (routeKey: string, pathParameters: Record<string, string>, group: string, body: object) => {
  const [method, path] = routeKey.split(' ');
  return {
    ...{ version: '2.0', routeKey, rawPath: path, headers: {}, pathParameters, isBase64Encoded: false },
    body: JSON.stringify(body),
    requestContext: {
      ...{ requestId: 'r', http: { method, path } },
      authorizer: { jwt: { claims: { sub: `${group}-1`, 'cognito:groups': `[${group}]` }, scopes: [] } },
    },
  };
};

const AGAIN_MS = 5_000;
const TRIES = 200;

/** People who call the API, and call again when it does not answer or asks them to. */
export class Api {
  private readonly props: { functions: Functions; timeline: Timeline };

  constructor(props: { functions: Functions; timeline: Timeline }) {
    this.props = props;
  }

  /** Once, whatever comes of it. */
  async once(handler: string, route: string, params: Record<string, string>, body: object): Promise<number> {
    const result = await this.props.functions.invoke(handler, apiEvent(route, params, 'operator', body));
    return result.ok ? (result.value as { statusCode: number }).statusCode : 500;
  }

  /** Until it is done (true), or cannot be done in the state that the campaign is in. */
  async campaign(act: 'pause' | 'resume' | 'cancel', campaignId: string): Promise<boolean> {
    const { timeline } = this.props;
    const body = act === 'resume' ? {} : { reason: 'As the story has it' };
    for (let n = 1; n <= TRIES; n += 1) {
      const route = `POST /v1/campaigns/{campaignId}/${act}`;
      const status = await this.once('strategy/manage-campaigns', route, { campaignId }, body);
      if (status < 300) return true;
      // Either the state does not allow it, or somebody's write is in the way for a moment.
      if (status === 409 && n >= 3) return false;
      if (status >= 400 && status < 500 && status !== 409) throw new Error(`${act} of ${campaignId}: ${status}`);
      await new Promise<void>((resolve) => timeline.after(AGAIN_MS * n, () => resolve()));
    }
    return false;
  }
}
