import type { Playbook } from '../playbook/playbook.ts';
import { firstName, NAME, shop, signedUp, topic, wait } from './shop.ts';

export const activation: Playbook = {
  id: 'activation',
  goal: 'activation',
  title: { en: 'Activation', zh: '新用户激活' },
  summary: {
    en: 'Helps whoever signed up but has not done the one thing that makes your product worth it: a nudge, then an offer of help.',
    zh: '用户注册后迟迟未完成关键动作时，先提醒一次，再提供帮助；完成即停止。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...firstName,
    ...signedUp,
    activated: {
      kind: 'event',
      default: 'setup.completed',
      properties: {},
      about: { en: 'Somebody has done what makes your product worth it', zh: '完成关键动作事件' },
    },
    ...topic('onboarding'),
    ...wait('firstWait', { days: 1 }, { en: 'How long before the nudge', zh: '首次提醒前的等待' }),
    ...wait('secondWait', { days: 3 }, { en: 'How long before the offer of help', zh: '提供帮助前的等待' }),
  },
  templates: {
    nudge: {
      name: { en: 'nudge', zh: '提醒' },
      content: {
        en: {
          push: {
            title: 'You are almost set up',
            body: 'One more step, and you are good to go. It takes two minutes.',
          },
          email: {
            subject: 'You are almost set up',
            heading: `One step to go, ${NAME.en}`,
            lines: [
              'You have signed up, and one thing is left to do before it gets interesting.',
              'It takes about two minutes.',
            ],
            button: { text: 'Finish setting up', url: '[[shopUrl]]' },
          },
        },
        zh: {
          push: { title: '就差一步了', body: '只需两分钟完成设置，即可开始使用。' },
          email: {
            subject: '就差一步，马上开始',
            heading: `${NAME.zh}，还差最后一步`,
            lines: ['您已注册成功，完成最后一步设置即可体验全部功能。', '大约只需两分钟。'],
            button: { text: '完成设置', url: '[[shopUrl]]' },
          },
        },
      },
    },
    help: {
      name: { en: 'help', zh: '帮助' },
      content: {
        en: {
          email: {
            subject: 'Can we help you get started?',
            heading: 'Stuck somewhere?',
            lines: [
              'Most people who stop here have the same two or three questions, and we have short answers to them.',
              'Or reply to this email: a person reads it.',
            ],
            button: { text: 'Get help', url: '[[shopUrl]]' },
          },
        },
        zh: {
          email: {
            subject: '需要我们帮忙吗？',
            heading: '遇到问题了吗？',
            lines: [
              '很多用户在这一步会遇到相同的疑问，我们准备了简短的解答。',
              '也可以直接回复此邮件，我们会有专人解答。',
            ],
            button: { text: '获取帮助', url: '[[shopUrl]]' },
          },
        },
      },
    },
  },
  plan: {
    kind: 'journey',
    draft: {
      topic: '[[topic]]',
      entry: { event: { eventType: '[[signedUp]]' } },
      start: 'first-wait',
      nodes: {
        'first-wait': { kind: 'wait', for: '[[firstWait]]', next: 'nudge' },
        nudge: {
          kind: 'message',
          templateId: '[[template.nudge]]',
          channelPolicy: ['push', 'email'],
          next: 'second-wait',
        },
        'second-wait': { kind: 'wait', for: '[[secondWait]]', next: 'help' },
        help: { kind: 'message', templateId: '[[template.help]]', channelPolicy: ['email'], next: 'end' },
        end: { kind: 'exit', reason: 'not activated' },
      },
      goals: [{ name: 'activated', event: { eventType: '[[activated]]' }, exits: true }],
    },
  },
};
