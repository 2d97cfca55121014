import type { Playbook } from '../playbook/playbook.ts';
import { coupon, firstName, NAME, STOP, shop, topic } from './shop.ts';

export const birthday: Playbook = {
  id: 'birthday',
  goal: 'retention',
  title: { en: 'Birthday', zh: '生日祝福' },
  summary: {
    en: 'A greeting and a present on the birthday, at an hour by the clock where the person is. Once a year.',
    zh: '在用户生日当天按其当地时间送上祝福与礼物，每年一次。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...firstName,
    ...coupon,
    birthday: {
      kind: 'attribute',
      default: 'birthday',
      example: '1990-11-25',
      needed: true,
      about: { en: 'Attribute with the date of birth, as 1990-11-25', zh: '生日属性，如1990-11-25' },
    },
    time: { kind: 'time', default: '09:00', about: { en: 'When, by their own clock', zh: '当地时间' } },
    ...topic('birthday'),
  },
  segments: {
    soon: {
      name: { en: 'birthday within a week', zh: '一周内生日' },
      segment: { attribute: '[[birthday]]', anniversaryWithinDays: 7 },
    },
  },
  templates: {
    wish: {
      name: { en: 'greeting', zh: '祝福' },
      content: {
        en: {
          push: { title: `Happy birthday, ${NAME.en}`, body: 'Our present: [[offer]] with [[couponCode]].' },
          email: {
            subject: 'Happy birthday! A present for you',
            heading: `Happy birthday, ${NAME.en}`,
            lines: [
              'We wish you a wonderful day, and a good year to go with it.',
              'Our present: [[offer]] with the code [[couponCode]].',
            ],
            button: { text: 'Unwrap it', url: '[[shopUrl]]' },
          },
          sms: {
            text: `[[brand]]: happy birthday! Our present: [[offer]] with [[couponCode]]: [[shopUrl]] ${STOP.en}`,
          },
        },
        zh: {
          push: { title: `${NAME.zh}，生日快乐`, body: '送您一份生日礼物：[[offer]]，优惠码[[couponCode]]。' },
          email: {
            subject: '生日快乐！送您一份礼物',
            heading: `${NAME.zh}，生日快乐`,
            lines: ['祝您生日快乐，新的一岁万事顺意。', '生日礼物：[[offer]]，优惠码[[couponCode]]。'],
            button: { text: '拆开礼物', url: '[[shopUrl]]' },
          },
          sms: { text: `【[[brand]]】祝您生日快乐！送您[[offer]]，优惠码[[couponCode]]：[[shopUrl]] ${STOP.zh}` },
        },
      },
    },
  },
  plan: {
    kind: 'journey',
    draft: {
      topic: '[[topic]]',
      entry: { segment: '[[segment.soon]]', includeMembers: true },
      reentry: { after: { days: 300 } },
      start: 'day',
      nodes: {
        day: {
          kind: 'wait-until',
          at: { attribute: '[[birthday]]', yearly: true, time: '[[time]]' },
          ifMissing: 'unknown',
          next: 'wish',
        },
        wish: {
          kind: 'message',
          templateId: '[[template.wish]]',
          channelPolicy: ['push', 'email', 'sms'],
          deadline: { hours: 12 },
          next: 'end',
        },
        end: { kind: 'exit', reason: 'greeted' },
        unknown: { kind: 'exit', reason: 'no birthday' },
      },
      longest: { days: 10 },
    },
  },
};
