// What ECMAScript 5 lacks of what the figures use. This file is written in it.
import "core-js/actual/global-this";
import "core-js/actual/symbol";
import "core-js/actual/map";
import "core-js/actual/set";
import "core-js/actual/weak-map";
import "core-js/actual/weak-set";
import "core-js/actual/promise";
import "core-js/actual/array";
import "core-js/actual/object";
import "core-js/actual/string";
import "core-js/actual/number";
import "core-js/actual/math";
import "core-js/actual/regexp";
import "core-js/actual/typed-array";
import "core-js/actual/function";

/** Numbers as people write them, without a library of languages. */
function NumberFormat() {
  this.format = (value) => String(value);
}
if (typeof Intl === "undefined") globalThis.Intl = {NumberFormat, DateTimeFormat: NumberFormat};

// Asked for by name, to tell what values are: none here is one of them.
function Lacking() {}
if (typeof BigInt64Array === "undefined") globalThis.BigInt64Array = globalThis.BigUint64Array = Lacking;

// Duktape's has half of what there should be; without it classes are made in the old way.
delete globalThis.Reflect;
