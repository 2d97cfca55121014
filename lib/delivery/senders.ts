import { Duration, Stack } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnApp } from 'aws-cdk-lib/aws-pinpoint';
import { CfnConfigurationSet } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { BREAKER_OPENED } from '../../core/delivery/breaker.ts';
import type { Channel } from '../../core/delivery/channel.ts';
import { GATHER_MS } from '../../core/delivery/send-rate.ts';
import { env as sendEmailEnv } from '../../lambdas/delivery/send-email.env.ts';
import { env as sendInappEnv } from '../../lambdas/delivery/send-inapp.env.ts';
import { env as sendPushEnv } from '../../lambdas/delivery/send-push.env.ts';
import { env as sendSmsEnv } from '../../lambdas/delivery/send-sms.env.ts';
import { env as sendWebhookEnv } from '../../lambdas/delivery/send-webhook.env.ts';
import { env as sendWechatEnv } from '../../lambdas/delivery/send-wechat.env.ts';
import { env as sendWhatsappEnv } from '../../lambdas/delivery/send-whatsapp.env.ts';
import { knowsErased } from '../erased-people.ts';
import { acknowledge } from '../kit/acknowledge.ts';
import {
  addsTo,
  allow,
  appends,
  type Binding,
  type Grantee,
  objects,
  reads,
  readsAndWrites,
  readsSecret,
  rewrites,
} from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import type { Lake } from '../lake.ts';
import type { SendQueues } from '../send-queues.ts';
import { type Stage, sendersAtOnce } from '../stages.ts';
import type { State } from '../state.ts';
import type { HeldMessages } from './held-messages.ts';
import type { Links } from './links.ts';
import type { Receipts } from './receipts.ts';

export type SendersProps = {
  stage: Stage;
  state: State;
  lake: Lake;
  sendQueues: SendQueues;
  heldMessages: HeldMessages;
  links: Links;
  receipts: Receipts;
};

/** One sender per channel behind its two lanes, and what it sends through at the provider. */
export class Senders extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { stage, state, lake, sendQueues, heldMessages, links, receipts }: SendersProps,
  ) {
    super(scope, id);
    const metrics = `Herald/${Stack.of(this).stackName}`;
    alarmOnOpenBreakers(this, metrics);
    const shared = {
      environment: {
        LEDGER_TABLE: readsAndWrites(state.ledger),
        CONTACTS_TABLE: readsAndWrites(state.contacts),
        PROFILES_TABLE: reads(state.profiles),
        ...knowsErased(state),
        DEFINITIONS_TABLE: reads(state.definitions),
        WORK_BUCKET: objects(state.work, { 'snapshots/': 'read' }),
        OUTCOMES_STREAM: appends(lake.streams.outcomes),
        ...heldMessages.bindings,
        ...links.bindings,
        FAILURES_TABLE: addsTo(state.failures),
        METRICS_NAMESPACE: metrics,
        ...sendQueues.bindings,
      },
      timeout: Duration.seconds(30),
      // They wait for DynamoDB and providers, and hold a few hundred rows: 512 MB (0.29 vCPU) halves the price of waiting,
      // less would make a transactional message pay with its latency.
      memoryMb: 512,
    };
    const reserved = (channel: Channel) => {
      const { transactional, promotional } = sendersAtOnce(stage, channel);
      return { reservedConcurrency: transactional + promotional };
    };
    const senders: Record<Channel, TypedFunction> = {
      push: new TypedFunction(this, 'SendPush', {
        ...{ ...shared, ...reserved('push') },
        entry: 'delivery/send-push',
        env: sendPushEnv,
        environment: {
          ...shared.environment,
          PUSH_APPLICATION_ID: this.push(stage),
          // Tokens that are dead are taken out of profiles.
          PROFILES_TABLE: readsAndWrites(state.profiles),
          DEVICES_TABLE: rewrites(state.devices),
          PROFILES_STREAM: appends(lake.streams.profiles),
        },
      }),
      sms: new TypedFunction(this, 'SendSms', {
        ...{ ...shared, ...reserved('sms') },
        entry: 'delivery/send-sms',
        env: sendSmsEnv,
        environment: { ...shared.environment, ...this.sms(stage, receipts) },
      }),
      email: new TypedFunction(this, 'SendEmail', {
        ...{ ...shared, ...reserved('email') },
        entry: 'delivery/send-email',
        env: sendEmailEnv,
        environment: { ...shared.environment, ...this.email(stage, receipts) },
      }),
      whatsapp: new TypedFunction(this, 'SendWhatsapp', {
        ...{ ...shared, ...reserved('whatsapp') },
        entry: 'delivery/send-whatsapp',
        env: sendWhatsappEnv,
        environment: { ...shared.environment, WHATSAPP_ORIGINATION: this.whatsapp(stage) },
      }),
      wechat: new TypedFunction(this, 'SendWechat', {
        ...{ ...shared, ...reserved('wechat') },
        entry: 'delivery/send-wechat',
        env: sendWechatEnv,
        environment: {
          ...shared.environment,
          WECHAT_APP_ID: stage.wechat?.appId ?? 'none',
          WECHAT_SECRET_ARN: state.wechatSecret ? readsSecret(state.wechatSecret) : 'none',
          WECHAT_ENDPOINT: stage.wechat?.endpoint ?? 'https://api.weixin.qq.com',
        },
      }),
      inapp: new TypedFunction(this, 'SendInapp', {
        ...{ ...shared, ...reserved('inapp') },
        entry: 'delivery/send-inapp',
        env: sendInappEnv,
        environment: { ...shared.environment, INBOX_TABLE: addsTo(state.inbox) },
      }),
      webhook: new TypedFunction(this, 'SendWebhook', {
        ...{ ...shared, ...reserved('webhook') },
        entry: 'delivery/send-webhook',
        env: sendWebhookEnv,
        environment: {
          ...shared.environment,
          // An endpoint that answers 410 is disabled.
          DEFINITIONS_TABLE: readsAndWrites(state.definitions),
          AUDIT_TABLE: addsTo(state.audit),
          WEBHOOKS_TABLE: reads(state.webhooks),
          LOOPBACK_WEBHOOKS: stage.loopbackWebhooks ? 'allowed' : 'refused',
        },
      }),
    };
    if (stage.channelEndpoint) {
      senders.push.function.addEnvironment('AWS_ENDPOINT_URL_PINPOINT', stage.channelEndpoint);
      senders.sms.function.addEnvironment('AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2', stage.channelEndpoint);
      senders.whatsapp.function.addEnvironment('AWS_ENDPOINT_URL_SOCIALMESSAGING', stage.channelEndpoint);
      senders.wechat.function.addEnvironment('AWS_ENDPOINT_URL_WECHAT', stage.channelEndpoint);
    }
    for (const channel of Object.keys(senders) as Channel[]) {
      const { transactional, promotional } = sendersAtOnce(stage, channel);
      // One pointer is up to 100 recipients and 2 s of provider calls, two pointers at a time: five fit the timeout five
      // times, and share a receive, a delete and a lake record. The window lets followers of other channels gather.
      const window = Duration.millis(GATHER_MS);
      const consume = { batchSize: 5, window, maximumConcurrency: promotional };
      sendQueues.of(channel, 'promotional').consume(senders[channel], consume);
      sendQueues
        .of(channel, 'transactional')
        .consume(senders[channel], { batchSize: 10, maximumConcurrency: transactional });
    }
  }

  private arn(service: string, resource: string): string {
    return Stack.of(this).formatArn({ service, resource });
  }

  private push(stage: Stage): Binding {
    const value = stage.pushApplicationId ?? this.pushApplication(stage).ref;
    return {
      value,
      grant: (grantee) =>
        allow(grantee, ['mobiletargeting:SendMessages'], [this.arn('mobiletargeting', `apps/${value}/messages`)]),
    };
  }

  private pushApplication(stage: Stage): CfnApp {
    const application = new CfnApp(this, 'PushApplication', { name: `herald-${stage.name}` });
    acknowledge(application, {
      'CloudFormation-Validate::W3696':
        'Of Pinpoint, applications and SendMessages live on as AWS End User Messaging Push. Should CloudFormation stop making them, name one in pushApplicationId.',
    });
    return application;
  }

  private sms(stage: Stage, receipts: Receipts): { SMS_ORIGINATION: Binding; SMS_CONFIGURATION_SET?: Binding } {
    const value = this.arn('sms-voice', stage.smsOrigination);
    const origination = { value, grant: (to: Grantee) => allow(to, ['sms-voice:SendTextMessage'], [value]) };
    // Nothing is heard of what goes elsewhere.
    if (stage.channelEndpoint) return { SMS_ORIGINATION: origination };
    const set = receipts.textsHeardOf();
    return {
      SMS_ORIGINATION: origination,
      SMS_CONFIGURATION_SET: {
        value: set.ref,
        grant: (grantee) => allow(grantee, ['sms-voice:SendTextMessage'], [set.attrArn]),
      },
    };
  }

  private whatsapp(stage: Stage): Binding {
    const value = this.arn('social-messaging', stage.whatsappOrigination);
    return { value, grant: (grantee) => allow(grantee, ['social-messaging:SendWhatsAppMessage'], [value]) };
  }

  private email(stage: Stage, receipts: Receipts): Record<'EMAIL_FROM' | 'EMAIL_CONFIGURATION_SET', Binding> {
    const set = new CfnConfigurationSet(this, 'Emails', {
      deliveryOptions: { tlsPolicy: 'REQUIRE' },
      // SES keeps addresses that bounced or complained in its account-wide list and refuses them; Herald keeps its own too.
      suppressionOptions: { suppressedReasons: ['BOUNCE', 'COMPLAINT'] },
    });
    if (!stage.channelEndpoint) receipts.hearOfEmails(set.ref);
    const domain = stage.emailFrom.slice(stage.emailFrom.indexOf('@') + 1);
    const resources = [`identity/${domain}`, `identity/${stage.emailFrom}`, `configuration-set/${set.ref}`];
    return {
      EMAIL_FROM: {
        value: stage.emailFrom,
        grant: (grantee) =>
          allow(
            grantee,
            ['ses:SendEmail', 'ses:SendBulkEmail'],
            resources.map((resource) => this.arn('ses', resource)),
          ),
      },
      EMAIL_CONFIGURATION_SET: set.ref,
    };
  }
}

/** A provider that does not work, or does not let us in, is somebody's business at once: messages wait, or take dearer channels. */
const alarmOnOpenBreakers = (scope: Construct, namespace: string): void => {
  new Metric({ namespace, metricName: BREAKER_OPENED, statistic: 'Sum', period: Duration.minutes(1) }).createAlarm(
    scope,
    'OpenBreaker',
    {
      alarmDescription:
        'The breaker of a provider has opened: it is down, or refuses our account. The log of the channel’s sender says which and why; messages take their next channel or wait. It is tried again by itself within 15 minutes.',
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    },
  );
};
