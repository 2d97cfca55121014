import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRecovery, CfnUserPoolGroup, FeaturePlan, Mfa, UserPool } from 'aws-cdk-lib/aws-cognito';
import { type Attribute, AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { ROLES } from '../core/access/role.ts';
import { acknowledge } from './kit/acknowledge.ts';
import type { Stage } from './stages.ts';

const text = (name: string): Attribute => ({ name, type: AttributeType.STRING });
const number = (name: string): Attribute => ({ name, type: AttributeType.NUMBER });

/**
 * Sparse index of the items whose outbox is not published yet: sweep-outbox reads the oldest of them. Items that have
 * published everything have no `pending` and are not in it.
 */
export const PENDING_INDEX = 'pending';
/** Index of definitions by kind and time of their last change; it knows their versions, not their content. */
export const BY_UPDATE_INDEX = 'by-update';
/** Index of leads by model and stage, and since when. */
export const BY_STAGE_INDEX = 'by-stage';
/** Index of the aliases by whose they are. */
export const BY_PROFILE_INDEX = 'by-profile';
/** Sparse index of the people who are not written to on some channel, by the time of the last suppression. */
export const BY_SUPPRESSION_INDEX = 'by-suppression';
/** Index of the audit log by UTC day. */
export const BY_DAY_INDEX = 'by-day';
/** Sparse index of the people who are in a list (or whatever else has members) now, by its name. */
export const BY_MEMBERSHIP_INDEX = 'by-membership';

/** Sparse index of the participants who are inside a journey now, by journey. */
export const BY_JOURNEY_INDEX = 'by-journey';

/** Everything that must outlive a release: tables, buckets, people. Nothing in here has a physical name. */
export class State extends Stack {
  readonly definitions: Table;
  readonly profiles: Table;
  /** Whose a device is. */
  readonly devices: Table;
  readonly contacts: Table;
  readonly windows: Table;
  readonly timers: Table;
  readonly identities: Table;
  readonly memberships: Table;
  readonly leads: Table;
  /** Where each person is in each journey: one item a person and journey. */
  readonly participants: Table;
  /** Secrets of webhook endpoints, and what became of deliveries. Apart from the definitions, which many functions read. */
  readonly webhooks: Table;
  /** In-app messages, until they expire. */
  readonly inbox: Table;
  readonly ledger: Table;
  /** Why messages keep failing, for whoever finds them among the dead letters. */
  readonly failures: Table;
  readonly audit: Table;
  readonly idempotency: Table;
  readonly erasures: Table;
  /** Key of the hashes that remain of people who were erased. */
  readonly erasureKey: Secret;
  /** Keys that seal the links in messages, by version: see core/delivery/links/link-keys.ts. */
  readonly linkKey: Secret;
  /** Secret of the WeChat official account, which an operator puts in; absent without an account. */
  readonly wechatSecret?: Secret;
  readonly lake: Bucket;
  readonly work: Bucket;
  /** Absent when the stage trusts an issuer that exists. */
  readonly userPool?: UserPool;

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id, { description: `Herald ${stage.name}: tables, buckets and people` });
    const removalPolicy = stage.keepState ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

    const table = (name: string, partitionKey: Attribute, sortKey?: Attribute, timeToLiveAttribute?: string) =>
      new Table(this, `${name}Table`, {
        partitionKey,
        ...(sortKey && { sortKey }),
        ...(timeToLiveAttribute && { timeToLiveAttribute }),
        billingMode: BillingMode.PAY_PER_REQUEST,
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        deletionProtection: stage.keepState,
        removalPolicy,
      });
    this.definitions = table('Definitions', text('kind'), text('id'));
    this.profiles = table('Profiles', text('profileId'));
    this.devices = table('Devices', text('deviceId'), undefined, 'expiresAt');
    this.contacts = table('Contacts', text('profileId'));
    this.windows = table('Windows', text('profileId'), text('triggerId'), 'expiresAt');
    this.timers = table('Timers', text('bucket'), text('timer'), 'expiresAt');
    this.identities = table('Identities', text('alias'));
    this.memberships = table('Memberships', text('profileId'), text('membership'), 'expiresAt');
    this.leads = table('Leads', text('profileId'), text('modelId'), 'expiresAt');
    this.participants = table('Participants', text('profileId'), text('journeyId'), 'expiresAt');
    this.webhooks = table('Webhooks', text('endpointId'), text('record'), 'expiresAt');
    this.inbox = table('Inbox', text('profileId'), text('message'), 'expiresAt');
    this.ledger = table('Ledger', text('run'), text('unit'), 'expiresAt');
    this.failures = table('Failures', text('messageId'), undefined, 'expiresAt');
    this.audit = table('Audit', text('subject'), text('entry'));
    this.idempotency = table('Idempotency', text('id'), undefined, 'expiration');
    this.erasures = table('Erasures', text('kind'), text('id'), 'expiresAt');
    this.erasureKey = new Secret(this, 'ErasureKey', {
      description: 'Herald: key of the hashes that remain of people who were erased. Without it they say nothing.',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy,
    });
    acknowledge(this.erasureKey, {
      'AwsSolutions-SMG4':
        'A new key would not know those who were erased before. It opens nothing; it only makes hashes that cannot be guessed.',
    });
    this.linkKey = new Secret(this, 'LinkKey', {
      description: 'Herald: keys of the links in messages. Without the one that made a link it no longer works.',
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ current: 'a' }),
        generateStringKey: 'a',
        passwordLength: 64,
        excludePunctuation: true,
      },
      removalPolicy,
    });
    acknowledge(this.linkKey, {
      'AwsSolutions-SMG4':
        'Links in messages work for years, so a key is never replaced but joined by another one, by hand: docs/links-and-preferences.md.',
    });
    if (stage.wechat) {
      const secret = new Secret(this, 'WechatSecret', {
        description: 'Herald: AppSecret of the WeChat official account. Put yours in the place of what was generated.',
        generateSecretString: { passwordLength: 32, excludePunctuation: true },
        removalPolicy,
      });
      acknowledge(secret, {
        'AwsSolutions-SMG4': 'WeChat makes it, and has no API that makes another one.',
      });
      this.wechatSecret = secret;
    }
    this.identities.addGlobalSecondaryIndex({
      indexName: BY_PROFILE_INDEX,
      partitionKey: text('profileId'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
    for (const indexed of [this.definitions, this.profiles]) {
      indexed.addGlobalSecondaryIndex({
        indexName: PENDING_INDEX,
        partitionKey: text('pending'),
        sortKey: number('updatedMs'),
      });
    }
    // Their sort keys change with a stage only, so a score that moves writes no index.
    this.leads.addGlobalSecondaryIndex({
      indexName: BY_STAGE_INDEX,
      partitionKey: text('place'),
      sortKey: number('sinceMs'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.leads.addGlobalSecondaryIndex({
      indexName: PENDING_INDEX,
      partitionKey: text('pending'),
      sortKey: number('updatedMs'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.definitions.addGlobalSecondaryIndex({
      indexName: BY_UPDATE_INDEX,
      partitionKey: text('kind'),
      sortKey: number('updatedMs'),
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['version'],
    });
    this.memberships.addGlobalSecondaryIndex({
      indexName: BY_MEMBERSHIP_INDEX,
      partitionKey: text('memberOf'),
      sortKey: text('profileId'),
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['sinceMs'],
    });
    // Its keys change when somebody enters or leaves, so a step writes no index.
    this.participants.addGlobalSecondaryIndex({
      indexName: BY_JOURNEY_INDEX,
      partitionKey: text('insideOf'),
      sortKey: text('profileId'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
    // Of whoever has a suppression: touches and consents, which are written far more often, write no index.
    this.contacts.addGlobalSecondaryIndex({
      indexName: BY_SUPPRESSION_INDEX,
      partitionKey: text('suppression'),
      sortKey: number('suppressedMs'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.audit.addGlobalSecondaryIndex({ indexName: BY_DAY_INDEX, partitionKey: text('day'), sortKey: text('entry') });

    const bucket = (name: string, expireAfter: Record<string, Duration>) => {
      const made = new Bucket(this, `${name}Bucket`, {
        encryption: BucketEncryption.S3_MANAGED,
        blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
        enforceSSL: true,
        removalPolicy,
        lifecycleRules: [
          { abortIncompleteMultipartUploadAfter: Duration.days(2) },
          ...Object.entries(expireAfter).map(([prefix, expiration]) => ({ prefix, expiration })),
        ],
      });
      acknowledge(made, {
        'AwsSolutions-S1':
          'Only roles of this application reach it. Access logs would be more objects than it holds; who must have them turns on CloudTrail data events.',
      });
      return made;
    };
    this.lake = bucket('Lake', { 'errors/': Duration.days(30) });
    // A run's files are needed until it has drained; two months leave time to ask what happened.
    this.work = bucket('Work', {
      'asked/': Duration.days(1),
      'athena/': Duration.days(7),
      'erasures/': Duration.days(1),
      'exports/': Duration.days(1),
      'imports/': Duration.days(60),
      'lists/': Duration.days(60),
      'previews/': Duration.days(2),
      'models/': Duration.days(7),
      'refreshes/': Duration.days(2),
      'samples/': Duration.days(30),
      'snapshots/': Duration.days(60),
    });

    if (stage.signIn.kind === 'cognito') this.userPool = this.people(removalPolicy, stage);
  }

  /** The people who use Herald. A role is a group; an admin invites, nobody signs up. */
  private people(removalPolicy: RemovalPolicy, stage: Stage): UserPool {
    const userPool = new UserPool(this, 'UserPool', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      passwordPolicy: {
        minLength: 12,
        requireDigits: true,
        requireLowercase: true,
        requireUppercase: true,
        requireSymbols: true,
      },
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      featurePlan: FeaturePlan.ESSENTIALS,
      deletionProtection: stage.keepState,
      removalPolicy,
    });
    acknowledge(userPool, {
      'AwsSolutions-COG8':
        'The Plus plan adds risk scores for public sign-in at a fee per person; here a few invited people sign in with a second factor.',
    });
    for (const groupName of ROLES)
      new CfnUserPoolGroup(this, `Role-${groupName}`, { userPoolId: userPool.userPoolId, groupName });
    return userPool;
  }
}
