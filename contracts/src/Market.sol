// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Licences} from "./Licences.sol";
import {Purse} from "./Purse.sol";
import {Registered} from "./Registered.sol";
import {Share, Split} from "./Split.sol";
import {Works} from "./Works.sol";

/// @title Sales and resales of licences, split exactly.
/// @notice The registrar signs an offer for each sale; it binds price, terms, shares, chain and contract. While
/// its refund window is open the money stays here and the payer can have it back. A pause stops new sales,
/// never refunds, releases or withdrawals. The owner can reach no money but the fees of its treasury.
contract Market is Purse, Registered, Pausable {
    struct Offer {
        uint256 nonce; // each is used once
        uint256 workId;
        uint256 licenceId; // of the licence to issue
        uint8 kind; // 0: none is issued on this chain
        bool transferable;
        uint64 duration; // seconds from now; 0: without end
        uint64 uses;
        address buyer; // zero: whoever comes first
        address token; // zero: the chain's own coin
        uint128 price;
        uint16 feeBps;
        uint32 refundWindow; // seconds
        uint64 deadline;
        Share[] shares; // the first is the creator's
    }

    /// @notice A holder's wish to sell a licence on.
    struct Ask {
        uint256 nonce;
        uint256 licenceId;
        address seller;
        address buyer; // zero: anybody
        address token;
        uint128 price;
        uint16 maxFeeBps; // of the market
        uint16 maxRoyaltyBps; // of the creator
        uint64 deadline;
    }

    bytes32 private constant SHARE_TYPE = keccak256("Share(address account,uint16 bps)");
    bytes32 private constant OFFER_TYPE = keccak256(
        "Offer(uint256 nonce,uint256 workId,uint256 licenceId,uint8 kind,bool transferable,uint64 duration,uint64 uses,address buyer,address token,uint128 price,uint16 feeBps,uint32 refundWindow,uint64 deadline,Share[] shares)Share(address account,uint16 bps)"
    );
    bytes32 private constant ASK_TYPE = keccak256(
        "Ask(uint256 nonce,uint256 licenceId,address seller,address buyer,address token,uint128 price,uint16 maxFeeBps,uint16 maxRoyaltyBps,uint64 deadline)"
    );

    uint16 public constant MAX_FEE_BPS = 2000;
    uint32 public constant MAX_REFUND_WINDOW = 30 days;

    Works public immutable works;
    Licences public immutable licences;
    address public treasury;
    uint16 public resaleFeeBps;

    mapping(uint256 word => uint256 bits) private _usedOffers;
    mapping(address seller => mapping(uint256 word => uint256 bits)) private _usedAsks;
    /// @notice The sales whose money is held: what `saleHash` gives, by the offer's nonce.
    mapping(uint256 nonce => bytes32 sale) public held;

    event Sold(
        uint256 indexed nonce,
        uint256 indexed workId,
        address indexed buyer,
        uint256 licenceId,
        address token,
        uint256 price,
        uint64 refundUntil
    );
    event Released(uint256 indexed nonce);
    event Refunded(uint256 indexed nonce, address indexed buyer);
    event Resold(
        uint256 indexed licenceId,
        address indexed seller,
        address indexed buyer,
        address token,
        uint256 price,
        uint256 royalty,
        uint256 fee
    );
    event TreasuryChanged(address indexed treasury);
    event ResaleFeeChanged(uint16 feeBps);
    event AskCancelled(address indexed seller, uint256 nonce);

    error UsedAlready(uint256 nonce);
    error PriceTooHigh(uint256 price, uint256 most);
    error NotForYou(address buyer);
    error FeeTooHigh(uint256 feeBps);
    error WindowTooLong(uint32 refundWindow);
    error NotHeld(uint256 nonce);
    error WindowOpen(uint64 refundUntil);
    error WindowClosed(uint64 refundUntil);
    error WorkMissing(uint256 workId);
    error LicenceMoved(uint256 licenceId);

    constructor(address owner_, address registrar_, Works works_, Licences licences_, address treasury_)
        Registered("Souk Market", owner_, registrar_)
    {
        works = works_;
        licences = licences_;
        _setTreasury(treasury_);
    }

    // ---------------------------------------------------------------------------------------- sales

    /// @notice Buys by a signed offer; the caller pays exactly its price.
    /// @param maxPrice the most the caller agreed to.
    /// @param work empty, or the ABI encoding of the work's voucher and its signature: it is minted first
    /// when it has no token yet.
    /// @param permit empty, or the ABI encoding of an ERC-2612 permit: value, deadline, v, r, s.
    function buy(
        Offer calldata offer,
        bytes calldata signature,
        uint256 maxPrice,
        bytes calldata work,
        bytes calldata permit
    ) external payable nonReentrant whenNotPaused {
        if (offer.price > maxPrice) revert PriceTooHigh(offer.price, maxPrice);
        if (offer.buyer != address(0) && offer.buyer != msg.sender) revert NotForYou(offer.buyer);
        if (offer.feeBps > MAX_FEE_BPS) revert FeeTooHigh(offer.feeBps);
        if (offer.refundWindow > MAX_REFUND_WINDOW) revert WindowTooLong(offer.refundWindow);
        Split.check(offer.shares, offer.feeBps);
        bytes32 offerHash = _hash(offer);
        _checkSigned(registrar, offerHash, signature, offer.deadline);
        _use(_usedOffers, offer.nonce);

        if (permit.length != 0) _permit(offer.token, permit);
        _take(offer.token, offer.price);
        uint64 refundUntil = 0;
        if (offer.refundWindow == 0) {
            _pay(offer);
        } else {
            refundUntil = uint64(block.timestamp) + offer.refundWindow;
            held[offer.nonce] = _sale(offerHash, msg.sender, refundUntil);
        }
        emit Sold(
            offer.nonce, offer.workId, msg.sender, offer.licenceId, offer.token, offer.price, refundUntil
        );
        if (offer.kind != 0) _issue(offer, work);
    }

    /// @notice Gives the money back while the window is open; the buyer or the creator may ask for it. The
    /// licence is revoked.
    function refund(Offer calldata offer, address buyer, uint64 refundUntil) external nonReentrant {
        if (msg.sender != buyer && msg.sender != offer.shares[0].account) revert NotForYou(buyer);
        if (block.timestamp >= refundUntil) revert WindowClosed(refundUntil);
        _letGo(offer, buyer, refundUntil);
        emit Refunded(offer.nonce, buyer);
        _credit(offer.token, buyer, offer.price);
        if (offer.kind != 0) {
            if (licences.ownerOf(offer.licenceId) != buyer) revert LicenceMoved(offer.licenceId);
            licences.revoke(offer.licenceId);
        }
    }

    /// @notice Divides the money of a sale whose window is over. Anybody may call it.
    function release(Offer calldata offer, address buyer, uint64 refundUntil) external nonReentrant {
        if (block.timestamp < refundUntil) revert WindowOpen(refundUntil);
        _letGo(offer, buyer, refundUntil);
        emit Released(offer.nonce);
        _pay(offer);
    }

    /// @notice What `held` keeps for a sale.
    function saleHash(Offer calldata offer, address buyer, uint64 refundUntil) external pure returns (bytes32) {
        return _sale(_hash(offer), buyer, refundUntil);
    }

    /// @notice Whether an offer's nonce is used.
    function offerUsed(uint256 nonce) external view returns (bool) {
        return _usedOffers[nonce >> 8] & (1 << (nonce & 255)) != 0;
    }

    // -------------------------------------------------------------------------------------- resales

    /// @notice Buys a licence from its holder, who has signed the ask and approved this market for this one
    /// licence. The creator's royalty and the fee come out of the price.
    function buyResale(Ask calldata ask, bytes calldata signature, uint256 maxPrice, bytes calldata permit)
        external
        payable
        nonReentrant
        whenNotPaused
    {
        if (ask.price > maxPrice) revert PriceTooHigh(ask.price, maxPrice);
        if (ask.buyer != address(0) && ask.buyer != msg.sender) revert NotForYou(ask.buyer);
        if (resaleFeeBps > ask.maxFeeBps) revert FeeTooHigh(resaleFeeBps);
        _checkSigned(ask.seller, _hash(ask), signature, ask.deadline);
        _use(_usedAsks[ask.seller], ask.nonce);

        if (permit.length != 0) _permit(ask.token, permit);
        _take(ask.token, ask.price);
        uint256 workId = licences.licenceOf(ask.licenceId).workId;
        (address creator, uint256 royalty) = works.royaltyInfo(workId, ask.price);
        if (creator == address(0)) royalty = 0;
        if (royalty > Split.part(ask.price, ask.maxRoyaltyBps)) revert FeeTooHigh(royalty);
        uint256 fee = Split.part(ask.price, resaleFeeBps);
        _credit(ask.token, creator, royalty);
        _credit(ask.token, treasury, fee);
        _credit(ask.token, ask.seller, ask.price - royalty - fee);
        emit Resold(ask.licenceId, ask.seller, msg.sender, ask.token, ask.price, royalty, fee);
        // Reverts unless it is the seller's, may be resold, and was approved for this market.
        licences.transferFrom(ask.seller, msg.sender, ask.licenceId);
    }

    /// @notice Makes an ask of the caller worthless.
    function cancelAsk(uint256 nonce) external {
        _use(_usedAsks[msg.sender], nonce);
        emit AskCancelled(msg.sender, nonce);
    }

    // ------------------------------------------------------------------------------- the owner's doors

    function pause() external onlyOwner {
        _pause();
    }

    function unpause() external onlyOwner {
        _unpause();
    }

    /// @notice Names who gets fees from now on.
    function setTreasury(address treasury_) external onlyOwner {
        _setTreasury(treasury_);
    }

    /// @notice Sets the fee of resales, within `MAX_FEE_BPS`.
    function setResaleFee(uint16 feeBps) external onlyOwner {
        if (feeBps > MAX_FEE_BPS) revert FeeTooHigh(feeBps);
        resaleFeeBps = feeBps;
        emit ResaleFeeChanged(feeBps);
    }

    function _setTreasury(address treasury_) private {
        if (treasury_ == address(0)) revert AddressMissing();
        treasury = treasury_;
        emit TreasuryChanged(treasury_);
    }

    // -------------------------------------------------------------------------------------- the parts

    function _pay(Offer calldata offer) private {
        uint256 fee = Split.part(offer.price, offer.feeBps);
        uint256 left = offer.price - fee;
        for (uint256 i = 1; i < offer.shares.length; ++i) {
            uint256 amount = Split.part(offer.price, offer.shares[i].bps);
            left -= amount;
            _credit(offer.token, offer.shares[i].account, amount);
        }
        _credit(offer.token, offer.shares[0].account, left);
        _credit(offer.token, treasury, fee);
    }

    function _issue(Offer calldata offer, bytes calldata work) private {
        if (!works.exists(offer.workId)) {
            if (work.length == 0) revert WorkMissing(offer.workId);
            (Works.WorkVoucher memory voucher, bytes memory signature) = abi.decode(work, (Works.WorkVoucher, bytes));
            if (voucher.workId != offer.workId) revert WorkMissing(offer.workId);
            works.redeem(voucher, signature);
        }
        licences.issue(
            offer.licenceId,
            offer.workId,
            msg.sender,
            offer.kind,
            offer.transferable,
            offer.duration == 0 ? 0 : uint64(block.timestamp) + offer.duration,
            offer.uses
        );
    }

    function _letGo(Offer calldata offer, address buyer, uint64 refundUntil) private {
        if (held[offer.nonce] != _sale(_hash(offer), buyer, refundUntil)) revert NotHeld(offer.nonce);
        delete held[offer.nonce];
    }

    function _use(mapping(uint256 => uint256) storage used, uint256 nonce) private {
        uint256 bit = 1 << (nonce & 255);
        uint256 word = used[nonce >> 8];
        if (word & bit != 0) revert UsedAlready(nonce);
        used[nonce >> 8] = word | bit;
    }

    /// @dev A permit that somebody else has sent before has done its work: what counts is the transfer.
    function _permit(address token, bytes calldata permit) private {
        (uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) =
            abi.decode(permit, (uint256, uint256, uint8, bytes32, bytes32));
        try IERC20Permit(token).permit(msg.sender, address(this), value, deadline, v, r, s) {} catch {}
    }

    function _sale(bytes32 offerHash, address buyer, uint64 refundUntil) private pure returns (bytes32) {
        return keccak256(abi.encode(offerHash, buyer, refundUntil));
    }

    function _hash(Offer calldata offer) private pure returns (bytes32) {
        bytes32[] memory shares = new bytes32[](offer.shares.length);
        for (uint256 i = 0; i < shares.length; ++i) {
            shares[i] = keccak256(abi.encode(SHARE_TYPE, offer.shares[i].account, offer.shares[i].bps));
        }
        bytes memory head = abi.encode(
            OFFER_TYPE, offer.nonce, offer.workId, offer.licenceId, offer.kind, offer.transferable, offer.duration
        );
        bytes memory tail = abi.encode(
            offer.uses,
            offer.buyer,
            offer.token,
            offer.price,
            offer.feeBps,
            offer.refundWindow,
            offer.deadline,
            keccak256(abi.encodePacked(shares))
        );
        return keccak256(bytes.concat(head, tail));
    }

    function _hash(Ask calldata ask) private pure returns (bytes32) {
        return keccak256(abi.encode(ASK_TYPE, ask));
    }
}
