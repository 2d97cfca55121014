import { inbox } from './inbox.ts';
import { simulatedAddresses } from './simulated-addresses.ts';
import { AwsError, type Context, type Service } from './types.ts';

type Content = { TitleOverride?: string; BodyOverride?: string };

const FAILURES: Record<string, { DeliveryStatus: string; StatusCode: number }> = {
  dead: { DeliveryStatus: 'PERMANENT_FAILURE', StatusCode: 410 },
  // As when the credentials of APNs or FCM are wrong.
  denied: { DeliveryStatus: 'PERMANENT_FAILURE', StatusCode: 400 },
  'opted-out': { DeliveryStatus: 'OPT_OUT', StatusCode: 200 },
  throttled: { DeliveryStatus: 'THROTTLED', StatusCode: 429 },
};

/** Push by `SendMessages`: HTTP 200 whatever happens, one result an address. What is accepted is in the inbox. */
export const pinpoint = (ctx: Context): Service => {
  const messages = inbox(ctx);
  const simulate = simulatedAddresses('push');
  const applications = new Set<string>();

  const deliver = (to: string, { TitleOverride: title = '', BodyOverride: body = '' }: Content) => {
    const failed = FAILURES[simulate(to)];
    if (failed) return failed;
    ctx.meter.count('channel-push', 1, 'pinpoint:SendMessages');
    const MessageId = messages.add({ channel: 'push', to, title, body });
    // FCM names the token that has taken the place of this one.
    const UpdatedToken = simulate(to) === 'renewed' ? to.replace('renew-', 'renewed-') : undefined;
    return { DeliveryStatus: 'SUCCESSFUL', StatusCode: 200, MessageId, ...(UpdatedToken && { UpdatedToken }) };
  };

  return {
    signingName: 'mobiletargeting',
    async handle({ path, body }) {
      const [, application = ''] = /^\/v1\/apps\/([^/]+)\/messages$/.exec(path) ?? [];
      if (!applications.has(application)) throw new AwsError('NotFoundException', `No application at ${path}`, 404);
      const request = JSON.parse((await body()).toString()) as { Addresses: Record<string, Content> };
      const addresses = Object.entries(request.Addresses);
      if (addresses.length === 0 || addresses.length > 100)
        throw new AwsError('BadRequestException', 'A request has 1 to 100 addresses');
      const Result = Object.fromEntries(addresses.map(([to, content]) => [to, deliver(to, content)]));
      return { headers: { 'content-type': 'application/json' }, body: { ApplicationId: application, Result } };
    },
    resources: {
      'AWS::Pinpoint::App': {
        supported: [],
        ignored: ['Name', 'Tags'],
        create({ logicalId }) {
          applications.add(logicalId);
          return { ref: logicalId };
        },
      },
    },
  };
};
