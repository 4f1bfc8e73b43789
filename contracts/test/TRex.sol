// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checks} from "./Vm.sol";

// What the tests call of T-REX 4.1.6 and OnchainID. Signatures as deployed contracts have them; T-REX is under the GPL, so
// its sources are neither imported nor copied, and only its compiled artifacts are loaded, here and nowhere else.

interface ITrexToken {
    function addAgent(address agent) external;
    function unpause() external;
    function setCompliance(address compliance) external;
    function mint(address to, uint256 amount) external;
    function burn(address from, uint256 amount) external;
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
    function approve(address spender, uint256 amount) external returns (bool);
    function forcedTransfer(address from, address to, uint256 amount) external returns (bool);
    function recoveryAddress(address lost, address found, address identity) external returns (bool);
    function freezePartialTokens(address account, uint256 amount) external;
    function setAddressFrozen(address account, bool frozen) external;
    function batchMint(address[] calldata to, uint256[] calldata amounts) external;
    function batchBurn(address[] calldata from, uint256[] calldata amounts) external;
    function batchTransfer(address[] calldata to, uint256[] calldata amounts) external;
    function batchForcedTransfer(address[] calldata from, address[] calldata to, uint256[] calldata amounts) external;
    function balanceOf(address account) external view returns (uint256);
    function totalSupply() external view returns (uint256);
    function decimals() external view returns (uint8);
    function version() external view returns (string memory);
    function compliance() external view returns (address);
}

interface ITrexCompliance {
    function addModule(address module) external;
    function removeModule(address module) external;
    function bindToken(address token) external;
    function callModuleFunction(bytes calldata data, address module) external;
    function transferred(address from, address to, uint256 value) external;
    function created(address to, uint256 value) external;
    function destroyed(address from, uint256 value) external;
    function isModuleBound(address module) external view returns (bool);
}

interface ITrexIdentities {
    function addAgent(address agent) external;
    function bindIdentityRegistry(address registry) external;
    function registerIdentity(address wallet, address identity, uint16 country) external;
    function isVerified(address wallet) external view returns (bool);
}

interface ITrexAuthority {
    struct Version {
        uint8 major;
        uint8 minor;
        uint8 patch;
    }

    struct Contracts {
        address token;
        address claimTopics;
        address identities;
        address identityStorage;
        address trustedIssuers;
        address compliance;
    }

    function addAndUseTREXVersion(Version calldata version, Contracts calldata contracts) external;
}

interface IOnchainId {
    function addKey(bytes32 key, uint256 purpose, uint256 kind) external returns (bool);
}

/// @title A real T-REX token with everything it needs, behind its own proxies
abstract contract TRex is Checks {
    string private constant TREX = "/../node_modules/@tokenysolutions/t-rex/artifacts/contracts/";
    string private constant ONCHAIN_ID = "/../node_modules/@onchain-id/solidity/artifacts/contracts/";
    uint16 private constant COUNTRY = 156;

    address internal constant AGENT = address(0xA6E7);

    ITrexToken internal trex;
    ITrexCompliance internal compliance;
    ITrexIdentities internal identities;
    address internal trexAuthority;

    /// @dev This contract owns all of it; AGENT may mint, burn, force and recover.
    function deployTrex(uint8 decimals) internal {
        trexAuthority =
            _load(TREX, "proxy/authority/TREXImplementationAuthority", abi.encode(true, address(0), address(0)));
        ITrexAuthority(trexAuthority)
            .addAndUseTREXVersion(
                ITrexAuthority.Version(4, 1, 6),
                ITrexAuthority.Contracts({
                token: _load(TREX, "token/Token", ""),
                claimTopics: _load(TREX, "registry/implementation/ClaimTopicsRegistry", ""),
                identities: _load(TREX, "registry/implementation/IdentityRegistry", ""),
                identityStorage: _load(TREX, "registry/implementation/IdentityRegistryStorage", ""),
                trustedIssuers: _load(TREX, "registry/implementation/TrustedIssuersRegistry", ""),
                compliance: _load(TREX, "compliance/modular/ModularCompliance", "")
            })
            );
        address topics = _load(TREX, "proxy/ClaimTopicsRegistryProxy", abi.encode(trexAuthority));
        address issuers = _load(TREX, "proxy/TrustedIssuersRegistryProxy", abi.encode(trexAuthority));
        address store = _load(TREX, "proxy/IdentityRegistryStorageProxy", abi.encode(trexAuthority));
        identities = ITrexIdentities(
            _load(TREX, "proxy/IdentityRegistryProxy", abi.encode(trexAuthority, issuers, topics, store))
        );
        ITrexIdentities(store).bindIdentityRegistry(address(identities));
        compliance = newCompliance();
        trex = ITrexToken(
            _load(
                TREX,
                "proxy/TokenProxy",
                abi.encode(
                    trexAuthority, address(identities), address(compliance), "Sun token", "SUNT", decimals, address(0)
                )
            )
        );
        identities.addAgent(address(this));
        identities.addAgent(address(trex));
        trex.addAgent(AGENT);
        vm.prank(AGENT);
        trex.unpause();
    }

    function newCompliance() internal returns (ITrexCompliance) {
        return ITrexCompliance(_load(TREX, "proxy/ModularComplianceProxy", abi.encode(trexAuthority)));
    }

    /// @dev T-REX's own module that takes a fee of every transfer by a forced transfer inside the hook.
    function newFeeModule() internal returns (address) {
        address logic = _load(TREX, "compliance/modular/modules/TransferFeesModule", "");
        bytes memory start = abi.encodeWithSignature("initialize()");
        return _load(TREX, "compliance/modular/modules/ModuleProxy", abi.encode(logic, start));
    }

    /// @dev Gives `wallet` an identity, so that the token lets it hold.
    function verify(address wallet) internal returns (address identity) {
        identity = _load(ONCHAIN_ID, "Identity", abi.encode(address(this), false));
        identities.registerIdentity(wallet, identity, COUNTRY);
    }

    function _load(string memory package, string memory path, bytes memory arguments) private returns (address made) {
        string memory json = vm.readFile(string.concat(vm.projectRoot(), package, path, ".sol/", _last(path), ".json"));
        bytes memory code = bytes.concat(vm.parseJsonBytes(json, ".bytecode"), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        assertTrue(made != address(0), path);
    }

    /// @dev What stands behind the last slash of `path`.
    function _last(string memory path) private pure returns (string memory) {
        bytes memory whole = bytes(path);
        uint256 from = whole.length;
        while (from > 0 && whole[from - 1] != "/") --from;
        bytes memory part = new bytes(whole.length - from);
        for (uint256 i = 0; i < part.length; ++i) {
            part[i] = whole[from + i];
        }
        return string(part);
    }
}
