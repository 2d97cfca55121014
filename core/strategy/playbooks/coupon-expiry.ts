import type { Playbook } from '../playbook/playbook.ts';
import { EVENT_URL, STOP, shop, topic } from './shop.ts';

const UNTIL = {
  en: '{% if event.properties.expires %} until {{ event.properties.expires | local_date }}{% endif %}',
  zh: '{% if event.properties.expires %}{{ event.properties.expires | local_date }}{% else %}近期{% endif %}',
};

export const couponExpiry: Playbook = {
  id: 'coupon-expiry',
  goal: 'conversion',
  title: { en: 'Coupon expiry', zh: '优惠券到期提醒' },
  summary: {
    en: 'A coupon that has not been used for some days is brought to mind before it expires. Whoever uses it hears nothing.',
    zh: '优惠券领取数天后仍未使用，在到期前提醒；已使用的用户不会收到消息。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...topic('offers'),
    couponIssued: {
      kind: 'event',
      default: 'coupon.issued',
      properties: { code: 'LUMA10', expires: '2026-12-24', url: 'https://luma.example/coupons' },
      about: { en: 'Somebody has got a coupon', zh: '领取优惠券事件' },
    },
    couponRedeemed: {
      kind: 'event',
      default: 'coupon.redeemed',
      properties: { code: 'LUMA10' },
      about: { en: 'The coupon is used', zh: '核销优惠券事件' },
    },
    wait: {
      kind: 'duration',
      default: { days: 5 },
      atMost: { days: 31 },
      about: { en: 'How long after it was issued; less than it is valid', zh: '领取多久后提醒，应短于有效期' },
    },
  },
  templates: {
    reminder: {
      name: { en: 'reminder', zh: '提醒' },
      content: {
        en: {
          push: {
            title: 'Your coupon expires soon',
            body: `Use {{ event.properties.code }}${UNTIL.en}. Something nice is waiting for you.`,
          },
          sms: {
            text: `[[brand]]: your coupon {{ event.properties.code }} expires soon. Use it${UNTIL.en}: ${EVENT_URL} ${STOP.en}`,
          },
          email: {
            subject: 'Your coupon {{ event.properties.code }} expires soon',
            heading: 'Do not let it go to waste',
            lines: [
              `Your coupon {{ event.properties.code }} is still unused. You can redeem it${UNTIL.en}.`,
              'Enter the code at checkout, and the price drops.',
            ],
            button: { text: 'Use my coupon', url: EVENT_URL },
          },
        },
        zh: {
          push: {
            title: '您的优惠券即将到期',
            body: `优惠券{{ event.properties.code }}将于${UNTIL.zh}到期，快去使用吧。`,
          },
          sms: {
            text: `【[[brand]]】您的优惠券{{ event.properties.code }}将于${UNTIL.zh}到期，点击使用：${EVENT_URL} ${STOP.zh}`,
          },
          email: {
            subject: '优惠券{{ event.properties.code }}即将到期',
            heading: '别让优惠溜走',
            lines: [
              `您的优惠券{{ event.properties.code }}尚未使用，将于${UNTIL.zh}到期。`,
              '结算时输入优惠码即可抵扣。',
            ],
            button: { text: '立即使用', url: EVENT_URL },
          },
        },
      },
    },
  },
  plan: {
    kind: 'trigger',
    draft: {
      eventType: '[[couponIssued]]',
      window: { without: { eventType: '[[couponRedeemed]]' }, within: '[[wait]]', same: 'code' },
      templateId: '[[template.reminder]]',
      channelPolicy: ['push', 'email', 'sms'],
      topic: '[[topic]]',
      lane: 'promotional',
      deadline: { days: 1 },
    },
  },
};
