import type { Duration } from '../../event/trigger.ts';
import type { Parameter } from '../playbook/playbook.ts';

// Parameters that playbooks have in common.

/** Who writes, and where to. Nobody can guess either. */
export const shop = {
  brand: {
    kind: 'text',
    maxLength: 30,
    example: 'Luma',
    about: { en: 'Your name, as people know you', zh: '您的品牌名称' },
  },
  shopUrl: {
    kind: 'url',
    example: 'https://luma.example/shop',
    about: { en: 'Where a tap leads when the event brings no address of its own', zh: '事件未带链接时跳转的网址' },
  },
} as const satisfies Record<string, Parameter>;

export const firstName = {
  firstName: {
    kind: 'attribute',
    default: 'firstName',
    example: 'Ada',
    about: { en: 'Attribute with the name to greet people by', zh: '用于称呼的姓名属性' },
  },
} as const satisfies Record<string, Parameter>;

/** A code that the shop takes, and what it is good for. */
export const coupon = {
  couponCode: {
    kind: 'text',
    maxLength: 30,
    example: 'LUMA10',
    about: { en: 'Coupon code that your shop takes', zh: '商城可用的优惠码' },
  },
  offer: {
    kind: 'text',
    maxLength: 30,
    example: { en: '10% off', zh: '九折优惠' },
    about: { en: 'What the coupon is good for, perhaps by language', zh: '优惠内容，可按语言填写' },
  },
} as const satisfies Record<string, Parameter>;

/** Of the shop's amounts. It goes with no language: who reads Chinese pays as much as who reads English. */
export const currency = {
  currency: {
    kind: 'currency',
    example: 'USD',
    about: { en: 'Currency of your amounts, as ISO 4217 writes it', zh: '金额的货币代码（ISO 4217）' },
  },
} as const satisfies Record<string, Parameter>;

export const orderPlaced = {
  orderPlaced: {
    kind: 'event',
    default: 'order.placed',
    properties: { orderId: 'A-1024', total: 129.9 },
    about: { en: 'Somebody has placed an order', zh: '下单事件' },
  },
} as const satisfies Record<string, Parameter>;

export const topic = (name: string) =>
  ({
    topic: {
      kind: 'topic',
      default: name,
      about: { en: 'Topic by which people agree to or refuse these messages', zh: '用户订阅或退订所依据的主题' },
    },
  }) as const satisfies Record<string, Parameter>;

/** Liquid: the first name, or a word in its place. */
export const NAME = {
  en: '{{ profile.attributes.[[firstName]] | default: "there" }}',
  zh: '{{ profile.attributes.[[firstName]] | default: "您好" }}',
} as const;
/** Liquid: the address that the event brings, or the shop's. */
export const EVENT_URL = '{{ event.properties.url | default: "[[shopUrl]]" }}';
/** How text messages end that people may refuse. */
export const STOP = { en: 'Reply STOP to opt out', zh: '退订回T' } as const;

export const signedUp = {
  signedUp: {
    kind: 'event',
    default: 'user.registered',
    properties: {},
    about: { en: 'Somebody has signed up', zh: '注册事件' },
  },
} as const satisfies Record<string, Parameter>;

/** How long somebody is left alone before the journey may begin anew for them. */
export const pause = (days: number) =>
  ({
    pause: {
      kind: 'duration',
      atMost: { days: 31 },
      default: { days },
      about: { en: 'How long after an entry somebody may enter again', zh: '同一用户再次进入的最短间隔' },
    },
  }) as const satisfies Record<string, Parameter>;

export const wait = (name: string, length: Duration, about: { en: string; zh: string }) =>
  ({ [name]: { kind: 'duration', atMost: { days: 31 }, default: length, about } }) as Record<string, Parameter>;
