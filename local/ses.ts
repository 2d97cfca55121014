import { expectProperties, refuseOthers } from './expect-properties.ts';
import { inbox } from './inbox.ts';
import { type EventDestination, publishSesEvents } from './ses-events.ts';
import { simulatedAddresses } from './simulated-addresses.ts';
import { AwsError, type Context, type Service } from './types.ts';

type Request = {
  FromEmailAddress: string;
  ConfigurationSetName?: string;
  DefaultContent: { Template: { TemplateContent: Parts; TemplateData: string } };
  BulkEmailEntries: {
    Destination: { ToAddresses: string[] };
    ReplacementTags?: { Name: string; Value: string }[];
    ReplacementEmailContent?: Replacement;
    ReplacementHeaders?: Header[];
  }[];
};
type Destination = { MatchingEventTypes: string[]; SnsDestination?: { TopicARN: string } };
type Parts = { Subject: string; Html: string; Text?: string };
type Replacement = { ReplacementTemplate: { ReplacementTemplateData: string } };
type Header = { Name: string; Value: string };
type Result = { Status: string; Error?: string; MessageId?: string };

/** SES fills `{{name}}` and does not escape; of its template language nothing more is imitated. */
const fill = (template: string, data: Record<string, unknown>): string =>
  template.replace(/\{\{([^{}]*)\}\}/g, (_, name: string) => {
    if (data[name] === undefined) throw new Error(`Attribute '${name}' is not present in the rendering data.`);
    return String(data[name]);
  });

/** What SES takes as a header: printable ASCII, name and value together at most 996 characters. */
const headersOf = (headers: readonly Header[]): Record<string, string> => {
  for (const { Name, Value } of headers) {
    if (!/^[!-9;-~]{1,126}$/.test(Name) || !/^[ -~]{0,995}$/.test(Value) || Name.length + Value.length > 996)
      throw new AwsError('BadRequestException', `Header ${Name} is not what SES takes`);
  }
  return Object.fromEntries(headers.map(({ Name, Value }) => [Name, Value]));
};

const TAG = /^[A-Za-z0-9_-]{1,256}$/;

/** SendBulkEmail of SESv2: what is accepted is in the inbox, and its events follow (ses-events.ts). */
export const ses = (ctx: Context): Service => {
  const messages = inbox(ctx);
  const simulate = simulatedAddresses('email');
  const configurationSets = new Map<string, EventDestination[]>();

  const deliver = (
    addresses: string[],
    { Subject, Html, Text = '' }: Parts,
    data: Record<string, unknown>,
    headers: Record<string, string>,
  ): Result => {
    const [to = '', second] = addresses;
    if (second !== undefined || !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(to))
      return { Status: 'INVALID_PARAMETER', Error: `The local SES wants one address, not ${addresses}` };
    const behaviour = simulate(to);
    if (behaviour === 'rejected') return { Status: 'MESSAGE_REJECTED', Error: 'Address is on the suppression list' };
    if (behaviour === 'throttled') return { Status: 'ACCOUNT_THROTTLED', Error: 'Maximum sending rate exceeded.' };
    const [title, html, body] = [fill(Subject, data), fill(Html, data), fill(Text, data)];
    ctx.meter.count('channel-email', 1, 'ses:send');
    return { Status: 'SUCCESS', MessageId: messages.add({ channel: 'email', to, title, body, html, headers }) };
  };

  return {
    signingName: 'ses',
    async handle({ path, body }) {
      if (path !== '/v2/email/outbound-bulk-emails')
        throw new AwsError('NotFoundException', `The local SES does not support ${path}`, 404);
      const request = JSON.parse((await body()).toString()) as Request;
      const { ConfigurationSetName: set, BulkEmailEntries: entries, DefaultContent } = request;
      if (set && !configurationSets.has(set))
        throw new AwsError('NotFoundException', `Configuration set <${set}> does not exist.`, 404);
      if (entries.length === 0 || entries.length > 50)
        throw new AwsError('BadRequestException', 'A bulk email has 1 to 50 destinations');
      const { TemplateContent, TemplateData } = DefaultContent.Template;
      const heads = entries.map(({ ReplacementHeaders = [] }) => headersOf(ReplacementHeaders));
      const results = entries.map(({ Destination, ReplacementTags = [], ReplacementEmailContent: own }, n): Result => {
        if (ReplacementTags.some(({ Name, Value }) => !TAG.test(Name) || !TAG.test(Value)))
          return { Status: 'INVALID_PARAMETER', Error: 'A tag has 1 to 256 letters, digits, _ or -' };
        try {
          const replacement = JSON.parse(own?.ReplacementTemplate.ReplacementTemplateData ?? '{}') as object;
          const data = { ...JSON.parse(TemplateData), ...replacement };
          const result = deliver(Destination.ToAddresses, TemplateContent, data, heads[n] ?? {});
          const [to = ''] = Destination.ToAddresses;
          if (result.MessageId && set) {
            const tags = {
              'ses:configuration-set': [set],
              ...Object.fromEntries(ReplacementTags.map(({ Name, Value }) => [Name, [Value]])),
            };
            const accepted = { messageId: result.MessageId, from: request.FromEmailAddress, to, tags };
            publishSesEvents(ctx, accepted, configurationSets.get(set) ?? []);
          }
          return result;
        } catch (error) {
          // On AWS a rendering failure is accepted and comes back as an event; here it is told at once.
          return { Status: 'FAILED', Error: (error as Error).message };
        }
      });
      return { headers: { 'content-type': 'application/json' }, body: { BulkEmailEntryResults: results } };
    },
    resources: {
      'AWS::SES::ConfigurationSet': {
        supported: [],
        ignored: ['DeliveryOptions', 'SuppressionOptions', 'Tags'],
        create({ logicalId }) {
          configurationSets.set(logicalId, []);
          return { ref: logicalId };
        },
      },
      'AWS::SES::ConfigurationSetEventDestination': {
        supported: ['ConfigurationSetName', 'EventDestination'],
        ignored: [],
        create({ logicalId, properties }) {
          const destination = properties.EventDestination as Destination;
          const known = ['Enabled', 'MatchingEventTypes', 'SnsDestination', 'EventBridgeDestination', 'Name'];
          refuseOthers(logicalId, destination, known);
          expectProperties(logicalId, destination, { Enabled: true });
          const { MatchingEventTypes: types, SnsDestination: topic } = destination;
          const set = configurationSets.get(String(properties.ConfigurationSetName));
          set?.push({ types, ...(topic && { topicArn: topic.TopicARN }) });
          return { ref: logicalId };
        },
      },
    },
  };
};
