/** From the scheme to the first character that no address has. */
const URLS = /https?:\/\/[^\s<>"\\^`{|}\p{Cc}]+/giu;
/** Signs at the end that belong to the sentence. */
const TRAILING = /[.,;:!?'’”»。，；：！？、）】》]+$/u;

/** Replaces the links in a text. `replace` says what takes a link's place; undefined: it stays. */
export const rewriteText = (text: string, replace: (url: string) => string | undefined): string =>
  text.replace(URLS, (found) => {
    const url = withoutTail(found);
    return (replace(url) ?? url) + found.slice(url.length);
  });

/** `(see https://a.example/b_(c))`: a closing bracket belongs to the link only where it was opened in it. */
const withoutTail = (found: string): string => {
  let url = found.replace(TRAILING, '');
  while (/[)\]]$/.test(url) && !isBalanced(url)) url = url.slice(0, -1).replace(TRAILING, '');
  return url;
};

const isBalanced = (url: string): boolean => {
  const [open, close] = url.endsWith(')') ? ['(', ')'] : ['[', ']'];
  return url.split(open).length >= url.split(close).length;
};
