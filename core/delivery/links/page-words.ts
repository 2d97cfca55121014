import type { Channel } from '../channel.ts';
import type { Locale } from './page-locale.ts';

/** Channels that the pages can name, also those that a release adds. */
type Named = Exclude<Channel, 'webhook'> | 'whatsapp' | 'wechat' | 'inapp';

/** What the pages say. Functions take names that are already chosen for the locale; nothing in here is HTML. */
export type PageWords = {
  lang: string;
  channels: Record<Named, string>;
  preferences: { title: string; intro: string; save: string; none: string; noneHint: string; saved: string };
  unsubscribe: {
    title: string;
    question: (topic: string, channel: string) => string;
    act: string;
    already: (topic: string, channel: string) => string;
    done: string;
    doneText: (topic: string, channel: string) => string;
    more: string;
  };
  /** A channel whose provider refuses the address, or where the person said stop to the provider. */
  unreachable: string;
  from: (sender: string) => string;
  broken: { title: string; text: string };
  erased: { title: string; text: string };
};

export const PAGE_WORDS: Record<Locale, PageWords> = {
  en: {
    lang: 'en',
    channels: {
      email: 'Email',
      sms: 'Text message',
      push: 'App notification',
      whatsapp: 'WhatsApp',
      wechat: 'WeChat',
      inapp: 'In the app',
    },
    preferences: {
      title: 'Your preferences',
      intro: 'Choose what we may write to you about, and where.',
      save: 'Save',
      none: 'Unsubscribe from everything',
      noneHint: 'Messages about what you do with us, such as an order, still come.',
      saved: 'Your choices are saved.',
    },
    unsubscribe: {
      title: 'Unsubscribe?',
      question: (topic, channel) => `You will no longer get “${topic}” (${channel}).`,
      act: 'Unsubscribe',
      already: (topic, channel) => `You do not get “${topic}” (${channel}).`,
      done: 'You are unsubscribed',
      doneText: (topic, channel) => `You will get no more “${topic}” (${channel}).`,
      more: 'See all your preferences',
    },
    unreachable: 'Messages do not arrive here at present, whatever you choose.',
    from: (sender) => `Messages from ${sender}`,
    broken: {
      title: 'This link does not work',
      text: 'It may have been cut off or is too old. Open the link in your newest message from us.',
    },
    erased: {
      title: 'We hold nothing about you',
      text: 'Your data was erased. You get no messages from us, and there is nothing left to choose.',
    },
  },
  zh: {
    lang: 'zh-Hans',
    channels: {
      email: '电子邮件',
      sms: '短信',
      push: '应用通知',
      whatsapp: 'WhatsApp',
      wechat: '微信',
      inapp: '应用内消息',
    },
    preferences: {
      title: '您的订阅偏好',
      intro: '请选择您希望接收的内容和渠道。',
      save: '保存',
      none: '退订全部内容',
      noneHint: '与您的操作有关的消息（例如订单通知）仍会发送。',
      saved: '您的选择已保存。',
    },
    unsubscribe: {
      title: '确认退订?',
      question: (topic, channel) => `您将不再收到“${topic}”(${channel})。`,
      act: '退订',
      already: (topic, channel) => `您没有订阅“${topic}”(${channel})。`,
      done: '您已退订',
      doneText: (topic, channel) => `您不会再收到“${topic}”(${channel})。`,
      more: '查看全部订阅偏好',
    },
    unreachable: '目前无法通过此渠道送达消息，与您的选择无关。',
    from: (sender) => `来自${sender}的消息`,
    broken: { title: '链接无效', text: '链接可能不完整或已过期。请打开我们最近一封消息中的链接。' },
    erased: { title: '我们没有您的任何数据', text: '您的数据已被删除。您不会再收到我们的消息，也无需再做选择。' },
  },
  de: {
    lang: 'de',
    channels: {
      email: 'E-Mail',
      sms: 'SMS',
      push: 'App-Mitteilung',
      whatsapp: 'WhatsApp',
      wechat: 'WeChat',
      inapp: 'In der App',
    },
    preferences: {
      title: 'Ihre Einstellungen',
      intro: 'Wählen Sie, worüber und auf welchem Weg wir Ihnen schreiben dürfen.',
      save: 'Speichern',
      none: 'Alles abbestellen',
      noneHint: 'Nachrichten zu Ihren eigenen Vorgängen, etwa zu einer Bestellung, kommen weiterhin.',
      saved: 'Ihre Auswahl ist gespeichert.',
    },
    unsubscribe: {
      title: 'Abbestellen?',
      question: (topic, channel) => `Sie erhalten dann „${topic}“ (${channel}) nicht mehr.`,
      act: 'Abbestellen',
      already: (topic, channel) => `Sie erhalten „${topic}“ (${channel}) nicht.`,
      done: 'Sie haben abbestellt',
      doneText: (topic, channel) => `Sie erhalten „${topic}“ (${channel}) nicht mehr.`,
      more: 'Alle Einstellungen ansehen',
    },
    unreachable: 'Nachrichten kommen hier zurzeit nicht an, was immer Sie wählen.',
    from: (sender) => `Nachrichten von ${sender}`,
    broken: {
      title: 'Dieser Link funktioniert nicht',
      text: 'Er ist vielleicht unvollständig oder zu alt. Öffnen Sie den Link in unserer neuesten Nachricht an Sie.',
    },
    erased: {
      title: 'Wir haben keine Daten über Sie',
      text: 'Ihre Daten wurden gelöscht. Sie erhalten keine Nachrichten von uns, und es gibt nichts mehr zu wählen.',
    },
  },
  fr: {
    lang: 'fr',
    channels: {
      email: 'E-mail',
      sms: 'SMS',
      push: 'Notification de l’application',
      whatsapp: 'WhatsApp',
      wechat: 'WeChat',
      inapp: 'Dans l’application',
    },
    preferences: {
      title: 'Vos préférences',
      intro: 'Choisissez les sujets et les moyens par lesquels nous pouvons vous écrire.',
      save: 'Enregistrer',
      none: 'Se désabonner de tout',
      noneHint: 'Les messages liés à vos démarches, comme une commande, continueront d’arriver.',
      saved: 'Vos choix sont enregistrés.',
    },
    unsubscribe: {
      title: 'Se désabonner ?',
      question: (topic, channel) => `Vous ne recevrez plus « ${topic} » (${channel}).`,
      act: 'Se désabonner',
      already: (topic, channel) => `Vous ne recevez pas « ${topic} » (${channel}).`,
      done: 'Vous êtes désabonné',
      doneText: (topic, channel) => `Vous ne recevrez plus « ${topic} » (${channel}).`,
      more: 'Voir toutes vos préférences',
    },
    unreachable: 'Les messages n’arrivent pas ici en ce moment, quel que soit votre choix.',
    from: (sender) => `Messages de ${sender}`,
    broken: {
      title: 'Ce lien ne fonctionne pas',
      text: 'Il est peut-être incomplet ou trop ancien. Ouvrez le lien de notre message le plus récent.',
    },
    erased: {
      title: 'Nous n’avons aucune donnée sur vous',
      text: 'Vos données ont été effacées. Vous ne recevez plus de messages de notre part et il n’y a plus rien à choisir.',
    },
  },
};
