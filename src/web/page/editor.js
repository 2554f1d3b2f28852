// The editor for a block's fields and bits.

import { BLOCK_LENGTH, FIELDS, read, toHex, typedValue, writeField } from './bytes.js';
import { byId, html, setText } from './dom.js';

/** The bits of a byte, the first one first. */
const BITS = [7, 6, 5, 4, 3, 2, 1, 0];

/** The editor. `onEdit(edit)` is called with a function that changes the bytes. */
export class Editor {
  constructor(onEdit) {
    this.onEdit = onEdit;
    this.rows = FIELDS.map((field, index) => this.makeField(field, index));
    byId('fields').replaceChildren(...this.rows.map(({ row }) => row));
    this.byte = byId('byte');
    this.byte.max = BLOCK_LENGTH - 1;
    this.byte.addEventListener('input', () => this.fillBits());
    this.bits = BITS.map((bit) => html('button', { type: 'button', 'aria-pressed': 'false', on: { click: () => this.flip(bit) } }));
    byId('bits').replaceChildren(...this.bits);
  }

  makeField(field, index) {
    const id = `field-${index}`;
    const part = {
      digits: html('span', { class: `bytes field-${index}${field.isHashed ? ' hashed' : ''}`, title: field.name }),
      input: html('input', { id, name: field.name, autocomplete: 'off', spellcheck: 'false', 'aria-describedby': `${id}-about` }),
      words: html('span', { class: 'value' }),
      error: html('span', { class: 'wrong', role: 'alert' }),
    };
    part.input.addEventListener('input', () => this.type(field, part));
    const last = field.offset + field.length - 1;
    const where = field.length === 1 ? `byte ${field.offset}` : `bytes ${field.offset}–${last}`;
    part.row = html('li', { class: `swatch field-${index}` },
      html('label', { for: id }, field.name),
      html('span', { class: 'where' }, where),
      part.input, part.words, part.error,
      html('span', { class: 'about', id: `${id}-about` }, field.about, field.isHashed ? '' : ' (not in the hash)'));
    return part;
  }

  type(field, part) {
    try {
      writeField(new Uint8Array(BLOCK_LENGTH), field.name, part.input.value.trim());
    } catch (error) {
      part.input.setAttribute('aria-invalid', 'true');
      return setText(part.error, error.message);
    }
    return this.onEdit((bytes) => writeField(bytes, field.name, part.input.value.trim()));
  }

  flip(bit) {
    const byte = this.chosen();
    this.onEdit((bytes) => (bytes[byte] ^= 1 << bit));
  }

  chosen() {
    return Math.min(BLOCK_LENGTH - 1, Math.max(0, Math.floor(Number(this.byte.value)) || 0));
  }

  /** Shows these bytes, except in the field in which somebody is typing. */
  fill(bytes) {
    this.bytes = bytes;
    read(bytes).forEach((field, index) => {
      const part = this.rows[index];
      setText(part.digits, field.digits);
      const typed = typedValue(bytes, field.name);
      if (document.activeElement !== part.input) part.input.value = typed;
      part.input.removeAttribute('aria-invalid');
      setText(part.error, '');
      setText(part.words, field.value === typed ? '' : field.value);
    });
    byId('hex').replaceChildren(...this.rows.map(({ digits }) => digits));
    this.fillBits();
  }

  fillBits() {
    const value = this.bytes[this.chosen()];
    this.bits.forEach((button, index) => {
      const isOne = (value >> BITS[index]) & 1;
      setText(button, String(isOne));
      button.setAttribute('aria-pressed', isOne === 1);
      button.setAttribute('aria-label', `${isOne}: bit ${BITS[index]} of byte ${this.chosen()}`);
    });
    setText(byId('byte-digits'), `= 0x${toHex([value])}`);
  }
}
