// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Contracts that act on what a marketplace has signed.
/// @notice The registrar signs EIP-712 vouchers, which are bound to this chain and this contract. It may
/// be a contract wallet (ERC-1271). The owner names the registrar and can take nothing from anybody.
abstract contract Registered is Ownable2Step, EIP712 {
    address public registrar;

    event RegistrarChanged(address indexed registrar);

    error VoucherExpired(uint64 deadline);
    error VoucherNotSigned();
    error AddressMissing();

    constructor(string memory name, address owner_, address registrar_) Ownable(owner_) EIP712(name, "1") {
        _setRegistrar(registrar_);
    }

    function setRegistrar(address registrar_) external onlyOwner {
        _setRegistrar(registrar_);
    }

    function _setRegistrar(address registrar_) private {
        if (registrar_ == address(0)) revert AddressMissing();
        registrar = registrar_;
        emit RegistrarChanged(registrar_);
    }

    /// @dev Reverts unless `signer` has signed this struct hash for this contract, and its time is not over.
    function _checkSigned(address signer, bytes32 structHash, bytes memory signature, uint64 deadline) internal view {
        if (block.timestamp > deadline) revert VoucherExpired(deadline);
        bytes32 digest = _hashTypedDataV4(structHash);
        // A key's signature first: asking whether the signer is a contract costs almost as much again.
        (address recovered,,) = ECDSA.tryRecover(digest, signature);
        if (recovered == signer && signer != address(0)) return;
        if (!SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature)) revert VoucherNotSigned();
    }
}
