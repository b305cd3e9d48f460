// Packages in CommonJS that cost a start milliseconds and that few manifests need: they are evaluated at the first call.
// This file is CommonJS itself, because an ES module can wait for such a moment only with a promise, and loading is synchronous.
module.exports = {
  semver: () => ({ Range: require('semver/classes/range'), compare: require('semver/functions/compare') }),
};
