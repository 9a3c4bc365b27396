// The version under test.
export default (request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end('checkout v2, with one click\n');
};
