// Texts filed by their beginning (or end): one walk along a value finds all that it begins (or ends) with.

interface TrieNode { readonly children: Map<number, TrieNode>; items: number[] | null }

const newNode = (): TrieNode => ({ children: new Map(), items: null });

export class Trie {
  readonly #root: TrieNode = newNode();
  readonly #reversed: boolean;

  constructor(direction: 'prefix' | 'suffix') {
    this.#reversed = direction === 'suffix';
  }

  add(text: string, item: number): void {
    let node = this.#root;
    for (let i = 0; i < text.length; i++) {
      const code = this.#code(text, i);
      let child = node.children.get(code);
      if (child === undefined) node.children.set(code, child = newNode());
      node = child;
    }
    (node.items ??= []).push(item);
  }

  /** Calls `visit` with the items of every text that `value` begins (ends) with, shortest text first. */
  each(value: string, visit: (items: readonly number[]) => void): void {
    let node: TrieNode | undefined = this.#root;
    for (let i = 0; i < value.length; i++) {
      node = node.children.get(this.#code(value, i));
      if (node === undefined) return;
      if (node.items !== null) visit(node.items);
    }
  }

  #code(text: string, at: number): number {
    return text.charCodeAt(this.#reversed ? text.length - 1 - at : at);
  }
}
