import assert from "node:assert/strict";
import { test } from "node:test";
import { batch, computed, effect, Fragment, h, html, signal } from "../../../chalicelib/api/console/static/libs.js";

test("html makes the elements that h makes", () => {
  const made = html`<${Fragment}><p class="quiet">${1} run</p><//>`;

  assert.equal(made.type, Fragment);
  assert.equal(made.constructor, h("p", null).constructor);
});

test("html keeps a hostile value as text", () => {
  const made = html`<p>${"<img src=x onerror=alert(1)>"}</p>`;

  assert.equal(made.props.children, "<img src=x onerror=alert(1)>");
});

test("an effect runs once for a batch of changes", () => {
  const due = signal(1);
  const late = signal(1);
  const all = computed(() => due.value + late.value);
  /** @type {number[]} */
  const seen = [];
  effect(() => {
    seen.push(all.value);
  });

  batch(() => {
    due.value = 2;
    late.value = 3;
  });

  assert.deepEqual(seen, [2, 5]);
});
