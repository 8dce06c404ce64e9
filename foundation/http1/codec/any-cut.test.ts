/** What a reader makes of octets does not depend on how the network cut them. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nearRequest, nearResponse, nearStream } from "../testing/near-messages.ts";
import { cutAt, cutEvery, octets, readRequests, readResponses } from "../testing/transcripts.ts";

const requests = octets(
  "\r\nGET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST http://a.test/2 HTTP/1.1\r\nHost: h\r\nX:\t y \r\nContent-Length: 9\r\n\r\nhello\r\n\r\n" +
    'PUT /3 HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\n\r\n3;a="b"\r\nabc\r\n02\r\nde\r\n0\r\nT: u\r\n\r\n\r\n' +
    "GET /4 HTTP/1.1\r\nHost: h\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nGET /5",
);
const responses = octets(
  "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nX:\t y \r\n\r\nhelloHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3;a\r\nabc\r\n0\r\nT: u\r\n\r\n" +
    "HTTP/1.1 204 No\r\n\r\nHTTP/1.0 200 \r\n\r\nto the end\r\n",
);

describe("the same, wherever the octets are cut", () => {
  test("requests in two pieces, and in pieces of each size", () => {
    const whole = readRequests([requests]);
    expect([whole.messages.length, whole.outcome, whole.rest]).toEqual([4, "left-http", "GET /5"]);
    for (let place = 0; place <= requests.length; place++) expect(readRequests(cutAt(requests, place))).toEqual(whole);
    for (let size = 1; size < requests.length; size++) expect(readRequests(cutEvery(requests, size))).toEqual(whole);
  });

  test("responses in two pieces, and in pieces of each size", () => {
    const whole = readResponses([responses]);
    expect([whole.messages.length, whole.outcome]).toEqual([5, "open"]);
    for (let place = 0; place <= responses.length; place++)
      expect(readResponses(cutAt(responses, place))).toEqual(whole);
    for (let size = 1; size < responses.length; size++) expect(readResponses(cutEvery(responses, size))).toEqual(whole);
  });

  const limits = { maxTargetBytes: 12, maxHeadBytes: 90, maxFields: 4, maxTrailerBytes: 20 };

  test("near requests, with wide and with narrow limits", () => {
    fc.assert(
      fc.property(nearStream(nearRequest), fc.integer({ min: 1, max: 9 }), fc.boolean(), (bytes, size, narrow) => {
        const options = narrow ? { limits } : {};
        const whole = readRequests([bytes], options, true);
        expect(readRequests(cutEvery(bytes, size), options, true)).toEqual(whole);
        expect(readRequests(cutAt(bytes, size * 11), options, true)).toEqual(whole);
      }),
      { numRuns: 3000 },
    );
  });

  test("near responses, with wide and with narrow limits", () => {
    fc.assert(
      fc.property(nearStream(nearResponse), fc.integer({ min: 1, max: 9 }), fc.boolean(), (bytes, size, narrow) => {
        const narrowed = narrow ? limits : undefined;
        const whole = readResponses([bytes], ["GET", "HEAD"], true, narrowed);
        expect(readResponses(cutEvery(bytes, size), ["GET", "HEAD"], true, narrowed)).toEqual(whole);
        expect(readResponses(cutAt(bytes, size * 11), ["GET", "HEAD"], true, narrowed)).toEqual(whole);
      }),
      { numRuns: 3000 },
    );
  });

  test("any octets at all: read or refused, never a defect", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (array, size) => {
        const bytes = Buffer.from(array);
        expect(readRequests(cutEvery(bytes, size), {}, true)).toEqual(readRequests([bytes], {}, true));
        expect(readResponses(cutEvery(bytes, size), ["GET"], true)).toEqual(readResponses([bytes], ["GET"], true));
      }),
      { numRuns: 1000 },
    );
  });
});
