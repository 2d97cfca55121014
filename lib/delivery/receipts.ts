import { Duration, Stack } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnConfigurationSetEventDestination } from 'aws-cdk-lib/aws-ses';
import { CfnConfigurationSet } from 'aws-cdk-lib/aws-smsvoice';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct, type IDependable } from 'constructs';
import { MANY_COMPLAIN, PLAN_STOPPED } from '../../core/delivery/plan-health.ts';
import { env as manageSuppressionsEnv } from '../../lambdas/delivery/manage-suppressions.env.ts';
import { env as recordReceiptsEnv } from '../../lambdas/delivery/record-receipts.env.ts';
import { knowsErased } from '../erased-people.ts';
import type { Intake } from '../intake.ts';
import { acknowledge } from '../kit/acknowledge.ts';
import { addsTo, appends, readsAndWrites, sends } from '../kit/bindings.ts';
import { QueueWithDeadLetters } from '../kit/queue-with-dead-letters.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import type { Lake } from '../lake.ts';
import { FIXED_CONCURRENCY } from '../stages.ts';
import { BY_SUPPRESSION_INDEX, type State } from '../state.ts';

/** Who publishes receipts to the topic. */
const PROVIDERS = ['ses.amazonaws.com', 'sms-voice.amazonaws.com', 'social-messaging.amazonaws.com'];

/** Types of SES that must not be lost come by both ways; that an email was delivered comes by the bus alone, which is free. */
const MUST_HEAR = ['BOUNCE', 'COMPLAINT', 'REJECT', 'RENDERING_FAILURE'];
const HEARD_ON_BUS = ['DELIVERY', ...MUST_HEAR];

/**
 * What providers say of messages after they have accepted them: EventBridge (best effort) and SNS end in one queue, whose
 * consumer does not mind to hear the same twice (decision 0023).
 */
export class Receipts extends Construct {
  readonly queue: QueueWithDeadLetters;
  /** For a WhatsApp Business Account, which takes its one event destination by hand. */
  readonly topic: Topic;
  /** Before it is there, nobody may publish. */
  private readonly topicPolicy: IDependable;

  constructor(scope: Construct, id: string, { state, lake, intake }: { state: State; lake: Lake; intake: Intake }) {
    super(scope, id);
    const metrics = `Herald/${Stack.of(this).stackName}`;
    this.queue = new QueueWithDeadLetters(this, 'Heard', { oldestMessage: Duration.minutes(15) });
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    acknowledge(this.topic, {
      'AwsSolutions-SNS2':
        'SES and End User Messaging cannot publish to a topic under the key of AWS, and one of our own costs $1 a month. Nothing rests in a topic; the queue is encrypted.',
    });
    // A topic has one policy: a second resource would overwrite the one that `enforceSSL` makes, or be overwritten.
    const { policyDependable } = this.topic.addToResourcePolicy(
      new PolicyStatement({
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        principals: PROVIDERS.map((service) => new ServicePrincipal(service)),
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.topicPolicy = policyDependable!;
    const delivery = { rawMessageDelivery: true, deadLetterQueue: this.queue.forUndelivered() };
    this.topic.addSubscription(new SqsSubscription(this.queue.queue, delivery));

    new TypedFunction(this, 'ManageSuppressions', {
      entry: 'delivery/manage-suppressions',
      env: manageSuppressionsEnv,
      environment: {
        CONTACTS_TABLE: readsAndWrites(state.contacts, BY_SUPPRESSION_INDEX),
        AUDIT_TABLE: addsTo(state.audit),
        ...knowsErased(state),
      },
      timeout: Duration.seconds(15),
    });
    const recordReceipts = new TypedFunction(this, 'RecordReceipts', {
      entry: 'delivery/record-receipts',
      env: recordReceiptsEnv,
      environment: {
        CONTACTS_TABLE: readsAndWrites(state.contacts),
        LEDGER_TABLE: readsAndWrites(state.ledger),
        OUTCOMES_STREAM: appends(lake.streams.outcomes),
        ...knowsErased(state),
        // It stops a plan of which too many complain.
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: addsTo(state.audit),
        FAILURES_TABLE: addsTo(state.failures),
        METRICS_NAMESPACE: metrics,
        INTAKE_QUEUE_URL: sends(intake.queue),
      },
      timeout: Duration.seconds(30),
      reservedConcurrency: FIXED_CONCURRENCY.recordReceipts,
    });
    // The lake bills by 5 KB, about 15 receipts; who waits for one waits minutes.
    const consume = { batchSize: 100, window: Duration.seconds(10) };
    this.queue.consume(recordReceipts, { ...consume, maximumConcurrency: FIXED_CONCURRENCY.recordReceipts });
    this.alarm(
      metrics,
      MANY_COMPLAIN,
      'At least 0.1 % of those who got a plan’s emails complained. At 0.3 % mailboxes refuse the sender, and Herald stops the plan.',
    );
    this.alarm(
      metrics,
      PLAN_STOPPED,
      'At least 0.3 % of those who got a plan’s emails complained, so it is stopped if it still sends: the log of record-receipts and the audit log name it. Find out whom it wrote to and why before it is started again.',
    );
    this.listen('Texts', 'How texts ended', {
      source: ['aws.sms-voice'],
      detailType: ['Text Message Delivery Status Updated'],
      detail: { isFinal: [true] },
    });
    this.listen('WhatsApp', 'What became of WhatsApp messages', {
      source: ['aws.social-messaging'],
      detailType: ['WhatsApp Message Delivered', 'WhatsApp Message Read', 'WhatsApp Message Failed'],
    });
  }

  /** Of emails that are sent with this configuration set. */
  hearOfEmails(configurationSet: string): void {
    const eventBusArn = Stack.of(this).formatArn({ service: 'events', resource: 'event-bus/default' });
    new CfnConfigurationSetEventDestination(this, 'EmailsOnBus', {
      configurationSetName: configurationSet,
      eventDestination: { enabled: true, matchingEventTypes: HEARD_ON_BUS, eventBridgeDestination: { eventBusArn } },
    });
    const toTopic = new CfnConfigurationSetEventDestination(this, 'EmailsOnTopic', {
      configurationSetName: configurationSet,
      eventDestination: {
        enabled: true,
        matchingEventTypes: MUST_HEAR,
        snsDestination: { topicArn: this.topic.topicArn },
      },
    });
    toTopic.node.addDependency(this.topicPolicy);
    this.listen('Emails', 'What became of emails', {
      source: ['aws.ses'],
      detail: { mail: { tags: { 'ses:configuration-set': [configurationSet] } } },
    });
  }

  /** A configuration set for texts that are to be heard of, with the ref that only the topic's events bring back. */
  textsHeardOf(): CfnConfigurationSet {
    const set = new CfnConfigurationSet(this, 'HeardTexts', {
      eventDestinations: [
        {
          eventDestinationName: 'herald',
          enabled: true,
          matchingEventTypes: ['TEXT_ALL'],
          snsDestination: { topicArn: this.topic.topicArn },
        },
      ],
    });
    set.node.addDependency(this.topicPolicy);
    return set;
  }

  /** `why` says what an operator is to know; the log of record-receipts names the plan. */
  private alarm(namespace: string, metricName: string, why: string): void {
    const metric = new Metric({ namespace, metricName, statistic: 'Sum', period: Duration.minutes(5) });
    metric.createAlarm(this, metricName, {
      alarmDescription: why,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** Events of AWS services come on the account's default bus. */
  private listen(id: string, description: string, eventPattern: EventPattern): void {
    const target = new SqsQueue(this.queue.queue, { deadLetterQueue: this.queue.forUndelivered() });
    new Rule(this, id, { description, eventPattern, targets: [target] });
  }
}
