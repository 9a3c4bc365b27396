// The version that everybody gets.
export default (request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end('checkout v1\n');
};
